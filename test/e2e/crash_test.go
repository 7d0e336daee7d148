package e2e

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"halab/internal/crashpoint"
)

// crashing is the lab, driven by a halab that dies at those steps, and so do its
// agents.
func (l *Lab) crashing(steps ...string) *Lab {
	c := *l
	c.Env = append(slices.Clone(l.Env), crashpoint.Variable+"="+strings.Join(steps, ","))
	return &c
}

// killed is the exit code of a halab that was.
const killed = 128 + int(syscall.SIGKILL)

// Both halab and the agent are killed when a fault is made and nothing is noted
// yet, whichever fault it is: a restore mends it, to the last trace.
func TestKilledInTheMiddleOfEachFault(t *testing.T) {
	done := map[string]bool{}
	for _, c := range cases() {
		if c.lists == nil || done[c.name] {
			continue // the kernel here may not have it, or it is known by other words
		}
		done[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			lab := Shared(t)
			r := lab.crashing(crashpoint.Applied, crashpoint.Unanswered, crashpoint.Answered).Try(t, c.command(c.at(t, lab))...)
			if r.Code != killed {
				t.Fatalf("halab was not killed where it should have been:\n%s", r)
			}
			lab.mends(t, true)
		})
	}
}

// At each step of one fault: the record of a fault that was begun is found, and
// nothing is there before.
func TestKilledAtEachStep(t *testing.T) {
	for _, step := range append([]string{crashpoint.Asked, crashpoint.Ready}, crashpoint.OfAgent()...) {
		t.Run(step, func(t *testing.T) {
			lab := Shared(t)
			words := []string{"link", "down"}
			if step == crashpoint.Asked { // it is one of faults that the engine does
				words = []string{"haproxy"}
			}
			args := append([]string{"fail", lab.HolderOf(t, "frontend")}, words...)
			// Where the agent dies, halab does when it hears no answer.
			if r := lab.crashing(step, crashpoint.Unanswered).Try(t, args...); r.Code != killed {
				t.Fatalf("halab was not killed where it should have been:\n%s", r)
			}
			lab.mends(t, slices.Contains(crashpoint.OfAgent(), step))
		})
	}
}

// mends restores what a killed halab left, and watches that nothing comes after.
func (l *Lab) mends(t *testing.T, broken bool) {
	t.Helper()
	r := l.Run(t, "restore")
	if nothing := strings.Contains(r.Stdout, "nothing was broken"); nothing == broken {
		t.Errorf("that it was broken is %v, and the restore found:\n%s", broken, r)
	}
	l.staysWell(t)
}

// Only the agent dies: halab undoes by itself what had begun, on every node.
func TestKilledAgent(t *testing.T) {
	for _, words := range [][]string{{"link", "down"}, {"partition", "OTHER"}} {
		t.Run(strings.Join(words, " "), func(t *testing.T) {
			lab := Shared(t)
			node := lab.HolderOf(t, "frontend")
			args := append([]string{"fail", node}, words...)
			args[len(args)-1] = strings.ReplaceAll(args[len(args)-1], "OTHER", Other(node))
			lab.crashing(crashpoint.Applied).Refuse(t, 1,
				[]string{"on " + node, "the agent on the node was killed before it answered", "nothing is left of it"}, args...)
			if list := lab.Faults(t); len(list) > 0 {
				t.Errorf("left: %v", list)
			}
			lab.AwaitReady(t, 5*time.Second)
			lab.staysWell(t)
		})
	}
}

// A fault whose agent was killed before it noted that the fault is there ends in
// time all the same.
func TestKilledAgentKeepsTime(t *testing.T) {
	lab := Shared(t)
	node := lab.HolderOf(t, "frontend")
	begin := time.Now()
	lab.crashing(crashpoint.Applied, crashpoint.Unanswered).Try(t, "fail", node, "link", "down", "--for", "3s")
	if list := lab.Faults(t); len(list) != 1 && time.Since(begin) < 3*time.Second {
		t.Errorf("the link is down, and halab lists %v", list)
	}
	Eventually(t, 3*time.Second+mending, "the link is up again by itself", func() (bool, string) {
		return len(lab.Faults(t)) == 0, lab.Try(t, "faults").String()
	})
	if took := time.Since(begin); took < 3*time.Second {
		t.Errorf("it ended after %s, not after 3 s", took)
	}
	lab.AwaitReady(t, 5*time.Second)
	lab.staysWell(t)
}
