package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"halab/internal/fault"
)

// place is where a fault is done: the node that holds the frontend's VIP, or the
// other one, and who the holder is.
type place struct{ node, holder string }

// backup is the frontend's node that does not hold the VIP.
func (p place) backup() string { return Other(p.holder) }

// faultCase is one fault of the catalogue, as a user does it and sees it.
type faultCase struct {
	name   string // as the catalogue has it
	backup bool   // it is done to the backup; otherwise to the VIP's holder
	// words follow the target; OTHER stands for the other node of the cluster.
	words string
	lists []listed
	see   func(t *testing.T, lab *Lab, at place)
}

// listed is a line of `halab faults`; an empty node is the one it was done to.
type listed struct{ node, service, fault string }

// cases are those below, and for every fault of the catalogue that has none there
// the one that follows from its effect. What takes a plug is in vagrant/test.
func cases() []faultCase {
	list := slices.Concat(serviceCases(), machineCases(), networkCases(), qualityCases(), appCases(), resourceCases())
	for _, o := range fault.Drills("client") {
		if !o.TakesPower() && !slices.ContainsFunc(list, func(c faultCase) bool { return c.name == o.Kind.Name }) {
			list = append(list, following(o))
		}
	}
	return list
}

// following is the case that follows from a fault's effect on the VIP's holder.
func following(o fault.Order) faultCase {
	return faultCase{name: o.Kind.Name, words: o.Text(), lists: []listed{{"", string(o.Service), o.Text()}},
		see: func(t *testing.T, lab *Lab, at place) {
			if !o.Effect().Disturbs {
				lab.checkFate(t, "frontend", at.holder, fateOf(o.Effect()))
			}
		}}
}

// Every case is of a fault that there is.
func TestEveryCaseIsOfAFault(t *testing.T) {
	for _, c := range cases() {
		if !slices.ContainsFunc(fault.Catalogue(), func(k fault.Kind) bool { return k.Name == c.name }) {
			t.Errorf("the catalogue has no %q", c.name)
		}
	}
}

// Each fault has the effect that it is there for, is listed with its time, and
// is gone after a restore, to the last trace.
func TestEveryFault(t *testing.T) {
	for _, c := range cases() {
		t.Run(c.name+" as "+c.words, func(t *testing.T) { c.run(t, Shared(t)) })
	}
}

func (c faultCase) at(t *testing.T, lab *Lab) place {
	t.Helper()
	at := place{holder: lab.HolderOf(t, "frontend")}
	if at.node = at.holder; c.backup {
		at.node = at.backup()
	}
	return at
}

// command is what follows `halab`.
func (c faultCase) command(at place) []string {
	words := strings.ReplaceAll(c.words, "OTHER", Other(at.node))
	return append([]string{"fail", at.node}, strings.Fields(words)...)
}

func (c faultCase) run(t *testing.T, lab *Lab) {
	at := c.at(t, lab)
	begin := time.Now()
	if c.lists == nil {
		c.see(t, lab, at) // it may be refused here: the case does it itself
	} else {
		lab.Run(t, c.command(at)...)
		c.checkListed(t, lab, at, begin)
		c.see(t, lab, at)
	}
	r := lab.Run(t, "restore")
	for _, f := range c.lists {
		if f.fault != "down" && f.fault != "hang" {
			Says(t, r, "undid "+strings.ReplaceAll(f.fault, "OTHER", Other(at.node)))
		}
	}
	lab.AwaitReady(t, 2*time.Second)
	lab.Intact(t)
	lab.Serves(t, 4, 8*time.Second) // a connection that lost much sends again seconds later (RFC 6298)
}

// checkListed looks for the fault in both forms of `halab faults`.
func (c faultCase) checkListed(t *testing.T, lab *Lab, at place, begin time.Time) {
	t.Helper()
	for _, want := range c.lists {
		want.fault = strings.ReplaceAll(want.fault, "OTHER", Other(at.node))
		switch want.node {
		case "":
			want.node = at.node
		case "OTHER":
			want.node = Other(at.node)
		}
		var found activeFault
		Eventually(t, 3*time.Second, fmt.Sprintf("%v is listed", want), func() (bool, string) {
			all := lab.Faults(t)
			i := slices.IndexFunc(all, func(a activeFault) bool {
				return a.Node == want.node && a.Service == want.service && a.Fault == want.fault
			})
			if i >= 0 {
				found = all[i]
			}
			return i >= 0, fmt.Sprint(all)
		})
		since := "-" // the engine does not tell since when a container is frozen
		if found.Since != nil {
			since = found.Since.Local().Format(time.TimeOnly)
			if found.Since.Before(begin.Add(-time.Second)) || found.Since.After(time.Now().Add(time.Second)) {
				t.Errorf("%v since %s, and it began after %s", want, found.Since, begin)
			}
		} else if want.fault != "hang" {
			t.Errorf("%v has no time", want)
		}
		row := slices.IndexFunc(lines(lab.Run(t, "faults").Stdout), func(line string) bool {
			return strings.HasPrefix(line, want.node+" ") && strings.Contains(line, " "+want.fault+" ") && strings.Contains(line, since)
		})
		if row < 0 {
			t.Errorf("halab faults has no line of %v since %s:\n%s", want, since, lab.Run(t, "faults"))
		}
	}
}

// serviceCases are what `--how` does to any service; TestFailOnTheHolder does
// each of them to each service.
func serviceCases() []faultCase {
	moved := func(t *testing.T, lab *Lab, at place) {
		lab.checkFate(t, "frontend", at.holder, moves)
		lab.Serves(t, 4, 3*time.Second)
	}
	return []faultCase{
		{name: "stop", words: "haproxy --how stop", lists: []listed{{"", "haproxy", "down"}}, see: moved},
		{name: "stop", backup: true, words: "app --how stop", lists: []listed{{"", "app", "down"}},
			see: func(t *testing.T, lab *Lab, at place) { lab.checkFate(t, "frontend", at.holder, stays) }},
		{name: "kill", words: "keepalived --how kill", lists: []listed{{"", "keepalived", "down"}},
			see: func(t *testing.T, lab *Lab, at place) { lab.checkFate(t, "frontend", at.holder, doubles) }},
		{name: "reload", words: "haproxy --how reload", see: func(t *testing.T, lab *Lab, at place) {
			lab.Run(t, "fail", at.node, "haproxy", "--how", "reload")
			lab.checkFate(t, "frontend", at.holder, stays)
		}},
		{name: "restart", words: "node --how restart", see: func(t *testing.T, lab *Lab, at place) {
			Says(t, lab.Run(t, "fail", at.node, "node", "--how", "restart"), "restarted "+at.node, "app, haproxy, keepalived")
			lab.checkFate(t, "frontend", at.holder, moves)
		}},
		{name: "hang", words: "haproxy --how hang", lists: []listed{{"", "haproxy", "hang"}}, see: moved},
		{name: "hang", words: "haproxy --how hang --for 1m", lists: []listed{{"", "haproxy", "hang"}}, see: moved},
	}
}

// machineCases are what is done to a node as a whole.
func machineCases() []faultCase {
	gone := func(t *testing.T, lab *Lab, at place) {
		lab.checkFate(t, "frontend", at.holder, moves)
		if s := lab.Status(t).Node(at.node).State; s != "exited" {
			t.Errorf("%s is %s", at.node, s)
		}
		if lab.answers(t, at.node) {
			t.Errorf("%s answers, and is down", at.node)
		}
		lab.Serves(t, 4, 3*time.Second)
	}
	return []faultCase{
		{name: "crash", words: "crash", lists: []listed{{"", "node", "down"}}, see: gone},
		{name: "shutdown", words: "shutdown", lists: []listed{{"", "node", "down"}}, see: gone},
		{name: "freeze", words: "freeze", lists: []listed{{"", "node", "freeze"}}, see: func(t *testing.T, lab *Lab, at place) {
			lab.checkFate(t, "frontend", at.holder, doubles)
			if lab.answers(t, at.node) {
				t.Errorf("%s answers, and is frozen", at.node)
			}
			lab.Serves(t, 4, 3*time.Second)
		}},
	}
}

// The difference between a VRRP process that hangs and a host that does: both
// leave two holders, but only the first of them still answers.
func TestPauseOfVRRPAndPauseOfAll(t *testing.T) {
	for words, answers := range map[string]bool{"keepalived --how hang": true, "freeze": false} {
		t.Run(words, func(t *testing.T) {
			lab := Shared(t)
			holder := lab.HolderOf(t, "frontend")
			lab.Run(t, append([]string{"fail", holder}, strings.Fields(words)...)...)
			lab.checkFate(t, "frontend", holder, doubles)
			if got := lab.answers(t, holder); got != answers {
				t.Errorf("%s answers: %v", holder, got)
			}
		})
	}
}
