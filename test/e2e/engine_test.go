package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// An engine in another network namespace makes its interfaces there. halab, here,
// says that the leg of the engine's host can't be reached, and what can.
func TestAnEngineInAnotherNamespace(t *testing.T) {
	lab := newEngine(t, false).lab(t, false)
	up := lab.Run(t, "up")
	Says(t, up, "halab curl", "asks http://"+lab.frontendVIP()+"/frontend from inside", "is in another network namespace")
	if strings.Contains(up.Stdout, "  curl ") {
		t.Errorf("it says to ask from here, where nobody answers:\n%s", up)
	}
	if again := decode[struct{ Reachable bool }](t, lab.Run(t, "up", "--json")); again.Reachable {
		t.Error("the JSON says that the VIP can be asked from here")
	}
	Says(t, lab.Run(t, "curl"), `"frontend":"frontend-0`, `"backend":"backend-0`)
}

// Everything of a lab, of its engine and of halab has a tenth of a core together.
// It stands still for up to 90 of every 100 ms, and with adverts of 10 ms each
// backup would take the VIP ten times a second; so the nodes step down.
func TestATenthOfACore(t *testing.T) {
	Nightly(t)
	const slowUp, soon = 4 * time.Minute, time.Minute
	e := newEngine(t, true)
	lab := e.lab(t, true)
	e.slow(t, 10)
	lab.Run(t, "up", "--timeout", slowUp.String())
	Eventually(t, soon, "every node has stepped down", func() (bool, string) {
		status := lab.Status(t)
		for _, name := range nodes {
			if status.Node(name).Slow == "" {
				return false, name + " has not"
			}
		}
		return true, ""
	})
	Says(t, lab.Run(t, "status"), "frontend-01: this machine is too slow: adverts, checks and timeouts take 20\n")
	Says(t, lab.Run(t, "config", "keepalived", "frontend-01"), "advert_int 0.2")
	Says(t, lab.Run(t, "config", "haproxy", "frontend-01"), "inter 4000ms")
	lab.AwaitReady(t, soon)
	noElection(t, lab, 10*time.Second)
	for range 4 {
		Says(t, lab.Run(t, "curl"), `"frontend":"frontend-0`, `"backend":"backend-0`)
	}
	holder := lab.HolderOf(t, "frontend")
	lab.Run(t, "fail", holder, "haproxy", "--how", "kill")
	Eventually(t, soon, "the other node has the VIP", func() (bool, string) {
		status := lab.Status(t)
		return !status.Ready && slices.Equal(status.Holders("frontend"), []string{Other(holder)}), strings.Join(status.Holders("frontend"), " and ")
	})
	Says(t, lab.Run(t, "curl"), `"frontend":"frontend-0`, `"backend":"backend-0`)
	lab.Run(t, "restore", "--timeout", soon.String())
	Says(t, lab.Run(t, "config", "haproxy", holder), "inter 4000ms") // one that starts anew knows it
	lab.AwaitReady(t, soon)
	lab.Run(t, "down")
	if times := e.throttled(t); times < 100 {
		t.Errorf("the lab was not slowed: %d times in all it used up its share", times)
	}
}

// noElection fails the test where a VRRP state changes within some time.
func noElection(t *testing.T, lab *Lab, during time.Duration) {
	t.Helper()
	begin := time.Now()
	time.Sleep(during)
	for _, l := range logLines(t, lab.Run(t, "logs", "--since", during.String(), "--json").Stdout) {
		if l.Service == "keepalived" && strings.Contains(l.Text, "Entering ") && l.Time.After(begin) {
			t.Errorf("an election, with nothing done to the lab: %+v", l)
		}
	}
}
