package e2e

import (
	"strings"
	"testing"
	"time"

	"halab/internal/base"
)

// TestBases takes a lab up on each base that can be made here from packages, and does
// one fault of each mechanism and one drill of each way to lose a VIP: the daemons of
// each release are started, followed, killed and hung by halab's own words for them.
func TestBases(t *testing.T) {
	Nightly(t)
	for _, of := range base.All() {
		if of.Boot.Suite == "" {
			continue
		}
		t.Run(of.ID, func(t *testing.T) {
			lab := Spare(t, "HALAB_BASE="+of.ID)
			lab.Run(t, "up")
			lab.AwaitReady(t, 30*time.Second)
			if s := lab.Status(t); s.Base != of.ID {
				t.Errorf("the lab stands on %s", s.Base)
			}
			says := func(service, version string, words ...string) {
				t.Helper()
				out := command(t, "docker", append([]string{"exec", lab.container(t, "frontend-01", service)}, words...)...)
				if of.Boot.Undated {
					t.Log(out) // what is in sid today
				} else if !strings.Contains(out, version) {
					t.Errorf("the table has %s %s, and the image says %q", service, version, out)
				}
			}
			says("haproxy", of.HAProxy, "haproxy", "-v")
			says("keepalived", of.Keepalived, "sh", "-c", "keepalived -v 2>&1 | head -n 1")
			lab.eachMechanism(t)
			d := readDrill(t, lab.Run(t, "drill", "-n", "1", "--attempts", tries, "--json",
				"frontend/node-crash", "frontend/haproxy-kill", "frontend/haproxy-hang", "frontend/keepalived-stop", "frontend/switch").Stdout)
			for _, s := range d.Scenarios {
				if len(s.Predictions) == 0 {
					t.Errorf("%s has no prediction", s.Name)
				}
				if out := d.metric(t, s.Name, "edge.outage"); out > 1000 {
					t.Errorf("%s cost a client %g ms", s.Name, out)
				}
			}
			lab.AwaitReady(t, 15*time.Second)
			lab.Intact(t)
		})
	}
}
