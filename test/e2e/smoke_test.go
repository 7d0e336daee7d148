package e2e

import (
	"strings"
	"testing"
	"time"
)

// TestSmoke does one fault of each mechanism and one drill to a lab that stays up
// between runs, so that a change is tried within two minutes: the engine's stop
// and kill, the freezer, a signal inside the node, the interface, the packet
// filter, the app's own fault file. It is what `make quick` runs.
func TestSmoke(t *testing.T) {
	if !tier("quick") {
		t.Skip("left to make quick; every fault has a test of its own")
	}
	lab := NewLab("quick", "10.198.94")
	lab.KeepOnFailure(t)
	lab.Run(t, "up")
	lab.AwaitReady(t, 15*time.Second)
	before := snapshot(t)
	lab.eachMechanism(t)
	d := readDrill(t, lab.Run(t, "drill", "frontend/haproxy-kill", "-n", "1", "--json").Stdout)
	if out := d.metric(t, "frontend/haproxy-kill", "edge.outage"); out > 100 {
		t.Errorf("a killed HAProxy cost a client %g ms", out)
	}
	lab.AwaitReady(t, 15*time.Second)
	lab.Intact(t)
	SameAs(t, before)
}

// eachMechanism does one fault of each mechanism, and undoes it.
func (l *Lab) eachMechanism(t *testing.T) {
	t.Helper()
	for _, words := range []string{
		"frontend-02 app --how stop", "frontend-02 app --how kill", "backend-02 haproxy --how hang",
		"backend-01 keepalived --how stop", "frontend-01 link down", "frontend-02 drop vrrp", "backend-02 error 100 --for 1s",
	} {
		node := strings.Fields(words)[0]
		l.Run(t, append([]string{"fail"}, strings.Fields(words)...)...)
		if s := l.Status(t); s.Ready {
			t.Errorf("after %q the lab is said to be ready", words)
		}
		l.Run(t, "restore", node)
	}
	l.Run(t, "restore")
}
