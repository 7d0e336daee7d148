package e2e

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// kills is how often halab is killed in each fault; HALAB_E2E_KILLS=N is another
// number than two.
func kills(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("HALAB_E2E_KILLS"))
	if err != nil {
		return 2
	}
	t.Logf("HALAB_E2E_KILLS=%d", n)
	return n
}

// What a kill met. A fault that is there afterwards was begun before the kill;
// one that is not, was not, or halab had not yet said go.
type met struct{ before, during, late int }

// halab killed at any moment of a fault, also where no step ends: a restore mends
// it, to the last trace. The moments are random over the time that the fault takes
// here, which is measured first.
func TestKilledAtAnyMoment(t *testing.T) {
	Nightly(t)
	random := dice(t)
	var all met
	for _, c := range cases() {
		if c.lists == nil {
			continue // it is refused where the kernel can't do it
		}
		t.Run(c.name+" as "+c.words, func(t *testing.T) {
			lab := Shared(t)
			r := lab.Run(t, c.command(c.at(t, lab))...)
			lab.Run(t, "restore")
			lab.AwaitReady(t, 5*time.Second)
			for i := range kills(t) {
				// Most of the time goes by before anything is done: every other moment
				// is in the second half.
				from := r.Took / 2 * time.Duration(i%2)
				moment := between(random, from, r.Took)
				c.killed(t, lab, moment, r.Took, &all)
			}
		})
	}
	total := all.before + all.during + all.late
	t.Logf("of %d kills %d were before anything was done, %d when the fault was there, %d after halab had ended", total, all.before, all.during, all.late)
	if total >= 12 && (4*all.during < total || all.before == 0) {
		t.Errorf("moments are chosen badly: %+v", all)
	}
}

// killed does the fault, kills halab at that moment and mends the lab.
func (c faultCase) killed(t *testing.T, lab *Lab, moment, takes time.Duration, all *met) {
	t.Helper()
	at := c.at(t, lab)
	p := lab.Start(t, c.command(at)...)
	time.Sleep(moment)
	late := p.Ended()
	p.Signal(syscall.SIGKILL)
	p.Wait()
	r := lab.Run(t, "restore")
	undone := !strings.Contains(r.Stdout, "nothing was broken")
	t.Logf("killed after %s of %s: %s", moment.Round(time.Millisecond), takes.Round(time.Millisecond), strings.ReplaceAll(strings.TrimSpace(r.Stdout), "\n", ", "))
	switch {
	case late:
		all.late++
	case undone:
		all.during++
	default:
		all.before++
	}
	lab.AwaitReady(t, 2*time.Second)
	lab.staysWell(t)
}

// staysWell: nothing comes afterwards either. What the engine or the node had
// begun is mended, too.
func (l *Lab) staysWell(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(afterwards); time.Now().Before(end); time.Sleep(poll) {
		if s := l.Status(t); !s.Ready {
			t.Fatalf("after the restore something broke by itself:\n%s", l.Try(t, "status"))
		}
	}
	l.Intact(t)
}

// afterwards is how long a mended lab is watched.
const afterwards = 800 * time.Millisecond

// mending is how long a slow engine may take to start what was down.
const mending = 9 * time.Second

// --for is kept without halab: by the node, and for what the engine does by a
// process of its own.
func TestForOutlivesHalab(t *testing.T) {
	for _, c := range []struct {
		words   string
		service string
		fault   string
	}{
		{"link down --for 6s", "node", "link down"},
		{"haproxy --how hang --for 6s", "haproxy", "hang"},
		{"haproxy --how kill --for 6s", "haproxy", "down"},
		{"crash --for 6s", "node", "down"},
	} {
		t.Run(c.words, func(t *testing.T) {
			lab := Shared(t)
			node := lab.HolderOf(t, "frontend")
			begin := time.Now()
			p := lab.Start(t, append([]string{"fail", node}, strings.Fields(c.words)...)...)
			Eventually(t, 5*time.Second, c.words+" is there", func() (bool, string) {
				all := lab.Faults(t)
				return slices.ContainsFunc(all, func(a activeFault) bool { return a.Node == node && a.Service == c.service && a.Fault == c.fault }), fmt.Sprint(all)
			})
			p.Signal(syscall.SIGKILL)
			p.Wait()
			Eventually(t, 15*time.Second, c.words+" has ended by itself", func() (bool, string) {
				all := lab.Faults(t)
				return len(all) == 0, fmt.Sprint(all)
			})
			took := time.Since(begin)
			t.Logf("it ended %s after halab was called", took.Round(time.Millisecond))
			if took < 6*time.Second || took > 6*time.Second+mending {
				t.Errorf("it ended after %s, not after 6 s", took)
			}
			lab.AwaitReady(t, 5*time.Second)
			lab.Intact(t)
		})
	}
}
