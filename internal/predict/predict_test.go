package predict

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"halab/internal/daemonconf"
	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/forecast"
	"halab/internal/effect"
	"halab/test/golden"
)

// configurations are the files that the templates give, as their own tests have
// them.
const configurations = "../render/testdata"

func rendered(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(configurations, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// read gives the facts of a node's files.
func read(t testing.TB, name, keepalived, haproxy string, v daemonconf.Versions) facts.Node {
	t.Helper()
	n, err := daemonconf.Text(name, keepalived, haproxy, v)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func input(t testing.TB, base, profile, cluster string, of effect.Effect) Input {
	t.Helper()
	version, known := daemonconf.BaseVersions(base)
	if !known {
		t.Fatalf("no base %s", base)
	}
	node := func(rank string) facts.Node {
		prefix := base + "-" + profile + "-" + cluster + "-" + rank + "-"
		return read(t, cluster+"-"+rank, rendered(t, prefix+"keepalived.conf"), rendered(t, prefix+"haproxy.cfg"), version)
	}
	fast := profile == "fast"
	in := Input{Effect: of, Nodes: []facts.Node{node("01"), node("02")}, Target: cluster + "-01", Holder: cluster + "-01",
		Agent: forecast.Agent{Known: true, Acts: fast, Lingers: fast}}
	in.VIP = in.Nodes[0].Keepalived.Instances[0].VIPs[0].Addr
	return in
}

// faults are what is predicted, by the names that drills give them.
func faults() []named {
	return []named{
		{"haproxy-stop", effect.Stop(effect.HAProxy)}, {"haproxy-kill", effect.Kill(effect.HAProxy)}, {"haproxy-hang", effect.Hang(effect.HAProxy)},
		{"keepalived-stop", effect.Stop(effect.Keepalived)}, {"keepalived-kill", effect.Kill(effect.Keepalived)},
		{"app-stop", effect.Stop(effect.App)}, {"app-kill", effect.Kill(effect.App)}, {"app-hang", effect.Hang(effect.App)},
		{"node-crash", effect.Kill(effect.Node)}, {"node-freeze", effect.Hang(effect.Node)}, {"switch", effect.Handover()},
	}
}

type named struct {
	name   string
	effect effect.Effect
}

// Debian 13 and sid have the file of Debian 12.
func TestPredictGolden(t *testing.T) {
	for _, base := range []string{"debian12", "debian11", "centos7"} {
		for _, profile := range []string{"classic", "fast"} {
			t.Run(base+"-"+profile, func(t *testing.T) {
				var b strings.Builder
				for _, f := range faults() {
					e, err := Predict(input(t, base, profile, "frontend", f.effect))
					if err != nil {
						t.Fatal(err)
					}
					for _, p := range e.List {
						amount := fmt.Sprintf("%g–%g, mean %g", p.MinMs, p.MaxMs, p.MeanMs)
						if p.Never {
							amount = "until mended"
						}
						fmt.Fprintf(&b, "%s %s: %s\n    %s\n", f.name, p.Metric, amount, p.Formula)
					}
					if e.None != "" {
						fmt.Fprintf(&b, "%s: none\n    %s\n", f.name, e.None)
					}
				}
				golden.File(t, "testdata/"+base+"-"+profile+".golden", b.String())
			})
		}
	}
}

func TestNoInstanceIsAnError(t *testing.T) {
	n := read(t, "a", "global_defs {\n}\n", "", daemonconf.Versions{Keepalived: "2.2.7"})
	_, err := Predict(Input{Effect: effect.Kill(effect.Node), Nodes: []facts.Node{n}, Target: "a", Holder: "a"})
	if err == nil || !strings.Contains(err.Error(), "vrrp_instance") {
		t.Errorf("error %v", err)
	}
}

// FuzzPredict: no file makes it panic, and no range is upside down.
func FuzzPredict(f *testing.F) {
	for _, name := range []string{"debian12-fast-frontend-01", "centos7-classic-backend-01"} {
		f.Add(rendered(f, name+"-keepalived.conf"), rendered(f, name+"-haproxy.cfg"))
	}
	f.Add("}{}}{ vrrp_instance { advert_int 1e300", "backend\nserver\ntimeout check 5d\ndefault-server fall -1 inter x")
	f.Add("vrrp_instance a {\n advert_int 1e300\n priority 300\n}\n", "listen a\n bind :1\n server-template x 1-99999999999 y:1 check\n")
	f.Fuzz(func(t *testing.T, keepalived, haproxy string) {
		n, err := daemonconf.Text("a", keepalived, haproxy, daemonconf.Versions{Keepalived: "2.2.7", HAProxy: "2.6.12"})
		if err != nil {
			return
		}
		other := n
		other.Name = "b"
		for _, of := range faults() {
			for _, acts := range []bool{false, true} {
				e, _ := Predict(Input{Effect: of.effect, Nodes: []facts.Node{n, other}, Target: "a", Holder: "a",
					Agent: forecast.Agent{Known: true, Acts: acts, Lingers: acts}})
				for _, p := range e.List {
					if !(p.MinMs >= 0 && p.MinMs <= p.MeanMs+1e-6 && p.MeanMs <= p.MaxMs+1e-6) || math.IsInf(p.MaxMs, 0) {
						t.Errorf("%s: %+v", of.name, p)
					}
				}
			}
		}
	})
}

// What a reload, a restart, a stolen VIP and a start of all nodes cost, by version and
// profile.
func TestPredictWhatPasses(t *testing.T) {
	for _, c := range []struct {
		base, profile string
		of            effect.Effect
		min, max      float64
		never         bool
		none          string
	}{
		{"debian12", "fast", effect.Reload(effect.HAProxy), 0, handlingMs, false, ""},
		{"debian12", "fast", effect.Reload(effect.Keepalived), 0, handlingMs, false, ""},
		{"debian12", "fast", effect.Rolling(), 0, handlingMs, false, ""},
		{"centos7", "fast", effect.Reload(effect.HAProxy), 0, 0, false, "before HAProxy 1.8"},
		{"centos7", "fast", effect.Rolling(), 0, 0, false, "before"},
		{"debian12", "classic", effect.Restart(effect.HAProxy), 0, 0, false, "how soon HAProxy runs again"},
		{"debian12", "classic", effect.Restart(effect.Keepalived), 613.281, 613.281 + handlingMs, false, ""},
		{"debian12", "classic", effect.Effect{On: effect.VIP, Resigns: true}, 609.375, 609.375 + handlingMs, false, ""},
		{"centos7", "classic", effect.Effect{On: effect.VIP, Resigns: true}, 0, 0, true, ""},
		{"debian12", "classic", effect.Start(), 0, 0, false, "Master_Down 3·1000 + (256−100)/256·1000 = 3609.4"},
	} {
		e, err := Predict(input(t, c.base, c.profile, "frontend", c.of))
		switch {
		case err != nil:
			t.Errorf("%s %s %+v: %v", c.base, c.profile, c.of, err)
		case c.none != "":
			if !strings.Contains(e.None, c.none) {
				t.Errorf("%s %s %+v: nothing is predicted because %q", c.base, c.profile, c.of, e.None)
			}
		case len(e.List) == 0 || e.List[0].MinMs != c.min || e.List[0].MaxMs != c.max || e.List[0].Never != c.never:
			t.Errorf("%s %s %+v: %+v", c.base, c.profile, c.of, e)
		}
	}
}
