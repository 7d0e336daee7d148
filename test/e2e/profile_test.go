package e2e

import (
	"testing"
	"time"
)

// The classic profile has the timings of 2015: a dead host costs seconds, and a
// mended one takes its VIP back. The fast one loses a fraction of a second.
// (How long exactly is a drill's matter.)
func TestProfiles(t *testing.T) {
	fast := Shared(t)
	fastOutage := fast.outage(t, 20*time.Second, func() {
		fast.Run(t, "fail", "frontend-00", "node", "--how", "kill")
	})
	t.Logf("fast, node killed: %s", fastOutage)
	if fastOutage > time.Second {
		t.Errorf("the fast profile needed %s", fastOutage)
	}
	fast.Run(t, "restore")

	classic := Spare(t)
	classic.Run(t, "up", "--profile", "classic")
	if s := classic.AwaitReady(t, 30*time.Second); s.Profile != "classic" {
		t.Errorf("the profile is %q", s.Profile)
	}
	// The first of the two has the higher priority, and takes the VIP.
	classic.AwaitHolder(t, "frontend", "frontend-01", 15*time.Second)
	outage := classic.outage(t, 30*time.Second, func() {
		classic.Run(t, "fail", "frontend-00", "node", "--how", "kill")
	})
	t.Logf("classic, node killed: %s", outage)
	// Three adverts of a second, and 157/256 of one; the host may die just
	// before or just after one was sent.
	if outage < 2*time.Second || outage > 8*time.Second {
		t.Errorf("the classic profile needed %s", outage)
	}
	classic.Run(t, "restore")
	classic.AwaitHolder(t, "frontend", "frontend-01", 15*time.Second)
	// keepalived's own check, every 2 s, finds HAProxy gone.
	classic.Run(t, "fail", "frontend-00", "haproxy")
	classic.AwaitHolder(t, "frontend", "frontend-02", 10*time.Second)
	classic.Serves(t, 4, 5*time.Second)
}
