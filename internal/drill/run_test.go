package drill

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/lab"
	"halab/internal/outage"
	"halab/internal/topology"
)

// expected are the invariants of a phase of which a scenario holds that.
func expected(run outage.Run, phase int, e outage.Expectation) []string {
	var list []string
	for _, i := range run.Phases[phase].Invariants {
		if i.Expect == e {
			list = append(list, i.Name)
		}
	}
	return list
}

// What a scenario is there to show reaches the analysis: of a scenario file what
// it says, of a built-in one what the list of scenarios says.
func TestShowsReachTheAnalysis(t *testing.T) {
	t.Parallel()
	run, err := newWorld(t).run("shows: [two_masters, stale_vip]\n", "  - fail: n-02 app\n  - restore: all\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{outage.InvTwoMasters, outage.InvStaleVIP}
	if must := expected(run, 0, outage.Must); !slices.Equal(must, want) {
		t.Errorf("the fault must show %v, the file says %v", must, want)
	}
	for _, name := range want {
		if may := expected(run, 1, outage.May); !slices.Contains(may, name) {
			t.Errorf("after the mending %s is not among what may be: %v", name, may)
		}
	}
	for _, sc := range builtins("n", topology.ProfileFast) {
		rec := &outage.Recording{Effect: sc.Effect, Shows: sc.Shows, Target: "n-01", Holder: "n-01", Marks: run.Recorded.Marks}
		told := expected(outage.Run{Phases: []outage.Analysis{outage.Analyse(rec, outage.PhaseFault)}}, 0, outage.Must)
		if !slices.Equal(slices.Sorted(slices.Values(told)), slices.Sorted(slices.Values(sc.Shows))) {
			t.Errorf("%s is listed to show %v, and its analysis demands %v", sc.Name, sc.Shows, told)
		}
	}
}

// A run is about the node that its first fault hits, and about the holder where
// that is hit among others: the analysis waits for that node's word.
func TestARunIsAboutTheNodeItHits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ steps, want string }{
		{"  - fail: n-02 app\n  - wait: 1ms\n  - restore: n-02\n  - fail: n-01 app\n  - restore: all\n", "n-02"},
		{"  - fail: n app\n  - restore: all\n", "n-01"},
		{"  - fail: n-00 app\n  - restore: all\n", "n-01"},
	} {
		run, err := newWorld(t).run("", c.steps)
		if err != nil {
			t.Fatal(err)
		}
		if run.Target != c.want || run.Recorded.Target != c.want || run.Recorded.Holder != "n-01" {
			t.Errorf("%q: the run is about %s, its recording about %s (holder %s), wanted %s",
				c.steps, run.Target, run.Recorded.Target, run.Recorded.Holder, c.want)
		}
	}
}

// What a scenario names and the lab has not is said before anything is broken:
// nobody holds a VIP that there is not, so that nought holders would always be.
func TestNamesOfAScenarioAreCheckedFirst(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"expect: {vip: n-0, holders: 0, within: 1s}", "expect: {vip: n-00, holder: n-03, within: 1s}", "restore: n-03", "fail: n-03 app", "fail: n-01 partition m"} {
		w := newWorld(t)
		_, err := w.run("", "  - fail: n-01 app\n  - "+step+"\n  - restore: all\n")
		if !errors.Is(err, topology.ErrUnknown) || !strings.HasPrefix(err.Error(), "line 5: ") {
			t.Errorf("%s: %v", step, err)
		}
		if told := w.notes("mark"); len(told) > 0 {
			t.Errorf("%s: it was found after %v", step, told)
		}
	}
}

// "other" is any node but the one that held that VIP, which need not be the VIP
// that is probed.
func TestTheOtherHolder(t *testing.T) {
	t.Parallel()
	status := func(a, b string) *lab.State {
		return &lab.State{Clusters: []lab.Cluster{{VIP: lab.VIP{Name: "a-00", Address: "192.168.99.10", Holders: []string{a}}}, {VIP: lab.VIP{Name: "b-00", Address: "192.168.99.20", Holders: []string{b}}}}}
	}
	e := Expect{VIP: "b-00", Holders: []string{other}}
	if found, ok := e.met(status("a-01", "b-01"), status("a-01", "b-01")); ok {
		t.Errorf("b-00 never moved, and is held by another: %s", found)
	}
	if found, ok := e.met(status("a-01", "b-02"), status("a-01", "b-01")); !ok {
		t.Errorf("b-00 moved, and is not held by another: %s", found)
	}
}

// An engine on a busy machine calls an app running for a while after its end. A
// restore that looks once finds nothing to start; a drill looks again, as `halab
// restore` does, and marks when that returned.
func TestADrillMendsWhatTheEngineCallsRunning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ended atomic.Int64
	w.seen = func(c *engine.Container) {
		if c.Name == "n-01-app" && c.State == engine.StateExited {
			ended.CompareAndSwap(0, time.Now().UnixNano())
			if time.Since(time.Unix(0, ended.Load())) < 300*time.Millisecond {
				c.State = engine.StateRunning
			}
		}
	}
	if _, err := w.run("", "  - fail: n-01 app\n  - restore: all\n"); err != nil {
		t.Fatal(err)
	}
	want := []string{"mark fault", "mark fault-returned", "mark restore", "mark restore-returned", "mark restore-returned", "mark end"}
	if told := w.notes("mark"); !slices.Equal(told, want) {
		t.Errorf("marks %v, wanted %v", told, want)
	}
}

// Where two nodes held the VIP a client may have the wrong one in its ARP table.
func TestADrillHasTheVIPAnnounced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.run("", "  - fail: n-01 keepalived\n  - restore: all\n"); err != nil {
		t.Fatal(err)
	}
	if told := w.notes("n-"); !slices.Equal(told, []string{"n-01 fault announce"}) {
		t.Errorf("the nodes were told %v", told)
	}
}

// plug is the power of n-01.
type plug struct{ off, used atomic.Bool }

func (p *plug) Has(node string) bool { return node == "n-01" }

func (p *plug) Off(context.Context, string) error {
	p.off.Store(true)
	return nil
}

func (p *plug) On(context.Context, string) (bool, error) {
	p.used.Store(true)
	return p.off.Swap(false), nil
}

// A drill cuts the power and gives it back.
func TestADrillOfPower(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), &plug{}
	w.power = p
	w.seen = func(c *engine.Container) {
		if p.off.Load() && c.Labels[engine.LabelNode] == "n-01" {
			c.State = lab.Unreachable
		}
	}
	if _, err := w.run("", "  - fail: n-01 node poweroff\n  - restore: all\n"); err != nil {
		t.Fatal(err)
	}
	if !p.used.Load() || p.off.Load() {
		t.Error("the machine was not switched on again")
	}
}

// A machine that was switched off counts from its boot anew: what it told before
// and after is set on the observer's clock, each by its own reading.
func TestEventsOfAMachineThatBooted(t *testing.T) {
	t.Parallel()
	const second = int64(1e9)
	before, after := agentapi.ClockOffset{AheadNs: 3600 * second}, agentapi.ClockOffset{AheadNs: -5 * second}
	for _, c := range []struct {
		name          string
		mono, due     int64
		before, after agentapi.ClockOffset
		want          int64
	}{
		{"before the power was cut", 3610 * second, 11 * second, before, after, 10 * second},
		{"after it was back", 35 * second, 41 * second, before, after, 40 * second},
		{"a clock that only drifted", 3610 * second, 9 * second, before, agentapi.ClockOffset{AheadNs: 3600*second + 1}, 10 * second},
	} {
		if got := onOneClock(c.mono, c.due, c.before, c.after); got != c.want {
			t.Errorf("%s: %d s, wanted %d", c.name, got/second, c.want/second)
		}
	}
}
