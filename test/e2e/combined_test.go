package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// step is one fault of a combination.
type step struct{ node, words, undoes string }

// Faults add up in any combination and any order; one restore undoes them all,
// on each node the newest first.
func TestCombinationsInRandomOrder(t *testing.T) {
	random := dice(t)
	pool := []step{
		{words: "link down", undoes: "link down"}, {words: "drop vrrp in", undoes: "drop vrrp in"}, {words: "drop arp", undoes: "drop arp"},
		{words: "loss 10", undoes: "loss 10"}, {words: "rate 2mbit", undoes: "rate 2mbit"}, {words: "slow 20ms", undoes: "slow 20ms"},
		{words: "error 10", undoes: "error 10"}, {words: "cpu 1", undoes: "cpu 1"}, {words: "memory 20MB", undoes: "memory 20MB"},
		{words: "partition backend-02", undoes: "partition backend-02"}, {words: "disk", undoes: "disk"},
		{words: "app --how hang --for 1m", undoes: "hang"},
		{words: "haproxy --how stop"}, {words: "keepalived --how kill"}, {words: "app --how hang"}, {words: "haproxy --how hang"},
	}
	// What stops everything comes last on its node, or nothing more could be done
	// there.
	last := []step{{words: "freeze", undoes: "freeze"}, {words: "crash"}, {words: "node --how hang", undoes: "freeze"}}
	for i := range 5 {
		var steps []step
		for _, node := range []string{"frontend-01", "frontend-02", "backend-01"} {
			own := slices.Clone(pool)
			random.Shuffle(len(own), func(i, j int) { own[i], own[j] = own[j], own[i] })
			for _, s := range own[:random.IntN(4)] {
				steps = append(steps, step{node, s.words, s.undoes})
			}
		}
		random.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
		if random.IntN(2) == 0 {
			s := last[random.IntN(len(last))]
			steps = append(steps, step{"frontend-01", s.words, s.undoes})
		}
		t.Run(fmt.Sprintf("%d of %d", i, len(steps)), func(t *testing.T) {
			t.Log(describe(steps))
			combined(t, Shared(t), steps)
		})
	}
}

// A service that the engine's freezer holds is stopped by a freeze of its node
// as well, though it does not show: it goes on when both are over.
func TestHangInsideAFreeze(t *testing.T) {
	for _, service := range []string{"app", "haproxy", "keepalived"} {
		t.Run(service, func(t *testing.T) {
			combined(t, Shared(t), []step{
				{node: "frontend-01", words: service + " --how hang"},
				{node: "frontend-01", words: "freeze", undoes: "freeze"},
			})
		})
	}
}

func describe(steps []step) string {
	var list []string
	for _, s := range steps {
		list = append(list, s.node+" "+s.words)
	}
	return strings.Join(list, ", ")
}

func combined(t *testing.T, lab *Lab, steps []step) {
	undoes := map[string][]string{}
	crashed := false
	for _, s := range steps {
		r := lab.Try(t, append([]string{"fail", s.node}, strings.Fields(s.words)...)...)
		if r.Code != 0 {
			// Two faults of one service, say: refused in words, and nothing done.
			if r.Code != 1 || !strings.Contains(r.Stderr, "already") && !strings.Contains(r.Stderr, "restore") {
				t.Errorf("refused without a reason:\n%s", r)
			}
			continue
		}
		if s.undoes != "" {
			undoes[s.node] = append(undoes[s.node], s.undoes)
		}
		if s.words == "crash" {
			crashed = true
			undoes[s.node] = nil // a machine that boots has no faults
		}
	}
	r := lab.Run(t, "restore")
	for node, want := range undoes {
		slices.Reverse(want)
		var got []string
		for _, line := range lines(r.Stdout) {
			if what, found := strings.CutPrefix(line, "undid "); found && strings.HasSuffix(what, " on "+node) {
				got = append(got, strings.TrimSuffix(what, " on "+node))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("on %s it undid %q, the newest first would be %q:\n%s", node, got, want, r)
		}
	}
	if crashed {
		Says(t, r, "started node on frontend-01")
	}
	lab.AwaitReady(t, 3*time.Second)
	lab.Intact(t)
	lab.Serves(t, 4, 3*time.Second)
}
