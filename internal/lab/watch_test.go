package lab

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/engine/enginetest"
	"halab/internal/event"
	"halab/internal/topology"
)

// watched is a pair that is followed.
func watched(t *testing.T, e Engine) *Watch {
	t.Helper()
	w, err := New("l", e, func(event.Event) {}).Watch(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// sees waits until a node of the pair is as it should be.
func sees(t *testing.T, w *Watch, what string, is func(n Node) bool) {
	t.Helper()
	last, err := w.Until(t.Context(), time.Minute, func(s *State) (bool, error) {
		return len(s.Clusters) == 1 && is(s.Clusters[0].Nodes[0]), nil
	})
	if err != nil {
		t.Fatalf("%s: %v; last %+v", what, err, last)
	}
}

// says has a node report.
func says(t *testing.T, e *enginetest.Engine, node string, state agentapi.State) {
	t.Helper()
	line, err := json.Marshal(agentapi.Event{Node: node, Name: agentapi.EventVRRP, State: state})
	if err == nil {
		err = e.Say(node+"-node", engine.LogLine{Text: string(line)})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// What the engine and the nodes tell is seen, and nothing is asked for again.
func TestWatchAsksNothingTwice(t *testing.T) {
	t.Parallel()
	e := pair(t)
	says(t, e, "n-01", agentapi.State{VRRP: "BACKUP"})
	w := watched(t, e)
	sees(t, w, "what it said last", func(n Node) bool { return n.VRRP == "BACKUP" })
	says(t, e, "n-01", agentapi.State{VRRP: "MASTER", VIPs: []string{"192.0.2.10"}})
	sees(t, w, "what it says", func(n Node) bool { return n.VRRP == "MASTER" })
	if got := w.State().Holders()["n-00"]; !slices.Equal(got, []string{"n-01"}) {
		t.Errorf("held by %v", got)
	}
	for _, step := range []struct {
		do   func(ctx context.Context, id string) error
		want engine.State
	}{{e.ContainerPause, engine.StatePaused}, {e.ContainerUnpause, engine.StateRunning}, {func(ctx context.Context, id string) error {
		return e.ContainerKill(ctx, id, "KILL")
	}, engine.StateExited}, {e.ContainerRemove, Missing}} {
		if err := step.do(t.Context(), "n-01-app"); err != nil {
			t.Fatal(err)
		}
		sees(t, w, string(step.want), func(n Node) bool { return n.Services["app"] == string(step.want) })
	}
	if lists, logs := len(e.CallsOf("Containers")), len(e.CallsOf("Logs")); lists != 1 || logs != 2 {
		t.Errorf("%d listings and %d logs, wanted 1 and one of each node", lists, logs)
	}
}

// A node that ends and starts again is heard again; so is one that is made anew,
// and what the old one had said is forgotten.
func TestWatchGoesOnThroughARestart(t *testing.T) {
	t.Parallel()
	e := pair(t)
	says(t, e, "n-01", agentapi.State{Link: "down"})
	w := watched(t, e)
	sees(t, w, "its last word", func(n Node) bool { return n.Link == "down" })
	if err := e.ContainerKill(t.Context(), "n-01-node", "KILL"); err != nil {
		t.Fatal(err)
	}
	sees(t, w, "its end", func(n Node) bool { return n.State == string(engine.StateExited) })
	if err := e.ContainerStart(t.Context(), "n-01-node"); err != nil {
		t.Fatal(err)
	}
	says(t, e, "n-01", agentapi.State{Link: "up"})
	sees(t, w, "its new life", func(n Node) bool { return n.State == string(engine.StateRunning) && n.Link == "up" })
	if err := e.ContainerRemove(t.Context(), "n-01-node"); err != nil {
		t.Fatal(err)
	}
	makePart(t, e, "n-01", topology.ServiceNode, 0)
	sees(t, w, "one that has said nothing", func(n Node) bool { return n.State == string(engine.StateRunning) && n.Link == "" })
	says(t, e, "n-01", agentapi.State{Link: "up"})
	sees(t, w, "its word", func(n Node) bool { return n.Link == "up" })
}

// A lab that is not there can be watched until it is.
func TestWatchOfNothing(t *testing.T) {
	t.Parallel()
	e := enginetest.New()
	t.Cleanup(func() { _ = e.Close() })
	e.AddImage(engine.Image{Tags: []string{"x:1"}})
	w := watched(t, e)
	if s := w.State(); len(s.Clusters) != 0 {
		t.Errorf("%+v", s)
	}
	makePart(t, e, "n-01", topology.ServiceNode, 0)
	sees(t, w, "the node", func(n Node) bool { return n.Name == "n-01" })
}

// A log whose connection broke is read again.
func TestWatchReadsABrokenLogAgain(t *testing.T) {
	t.Parallel()
	e := pair(t)
	var broken atomic.Bool
	e.Hooks.Before = func(_ context.Context, call enginetest.Call) error {
		if call.Method == "Logs" && call.Target == "n-01-node" && !broken.Swap(true) {
			return errors.New("connection reset")
		}
		return nil
	}
	w := watched(t, e)
	says(t, e, "n-01", agentapi.State{VRRP: "MASTER"})
	sees(t, w, "what it says", func(n Node) bool { return n.VRRP == "MASTER" })
}

// An engine that goes away ends the watch, and every wait on it.
func TestWatchEndsWithItsEngine(t *testing.T) {
	t.Parallel()
	e := pair(t)
	w := watched(t, e)
	go func() { _ = e.Close() }()
	_, err := w.Until(t.Context(), time.Minute, func(*State) (bool, error) { return false, nil })
	if !errors.Is(err, engine.ErrUnreachable) {
		t.Errorf("the wait ended with %v", err)
	}
}

// Where patience runs out, the error says so and the lab is given back as it was.
func TestUntilPatienceRunsOut(t *testing.T) {
	t.Parallel()
	l := New("l", pair(t), func(event.Event) {})
	s, err := l.Until(t.Context(), 200*time.Millisecond, func(*State) (bool, error) { return false, nil })
	if !errors.Is(err, ErrPatience) || s == nil || len(s.Clusters) != 1 {
		t.Errorf("%v, %+v", err, s)
	}
	mine := errors.New("of no use")
	if _, err := l.Until(t.Context(), time.Minute, func(*State) (bool, error) { return false, mine }); !errors.Is(err, mine) {
		t.Errorf("%v", err)
	}
}

// The engine lists again, because something began, before the lab was seen first: a
// node that was heard by then is not waited for once more, for it says nothing by
// itself. Waiting for it, `restore` could not read the lab for 30 s.
func TestANodeIsAwaitedOnce(t *testing.T) {
	t.Parallel()
	e := pair(t)
	f := newFollowing(New("l", e, func(event.Event) {}), &Watch{ended: make(chan struct{}), changed: make(chan struct{})}, nil)
	f.follow()
	for range 2 {
		if err := f.list(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, c := range nodeContainers(f.all) {
			if f.told[nodeOf(c.Labels)].VRRP == "" {
				f.heard(report{c, agentapi.Event{State: agentapi.State{VRRP: "BACKUP"}}})
			}
		}
	}
	if len(f.told) == 0 || len(f.awaited) > 0 {
		t.Errorf("%d nodes were heard, and these are awaited: %v", len(f.told), f.awaited)
	}
}

// listener notes what it is told.
type listener struct{ told chan string }

func (l listener) Node(labels map[string]string, e agentapi.Event) {
	l.told <- labels[engine.LabelNode] + " " + e.State.VRRP
}

func (l listener) Engine(e engine.Event) {
	l.told <- e.Labels[engine.LabelNode] + "-" + e.Labels[engine.LabelService] + " " + e.Action
}

// What a node had said before the watch began is in the first state, and is no news.
// All that a node says which is made meanwhile is, also what it says before its log
// is read.
func TestWatchTellsNewsOnly(t *testing.T) {
	e := pair(t)
	says(t, e, "n-01", agentapi.State{VRRP: "old"})
	l := listener{make(chan string, 64)}
	w, err := New("l", e, func(event.Event) {}).Watch(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	says(t, e, "n-01", agentapi.State{VRRP: "first"})
	sees(t, w, "what it says", func(n Node) bool { return n.VRRP == "first" })
	if err := e.ContainerRemove(t.Context(), "n-01-node"); err != nil {
		t.Fatal(err)
	}
	sees(t, w, "that it is gone", func(n Node) bool { return n.Name != "n-01" })
	e.Hooks.Program = func(spec engine.ContainerSpec) enginetest.Program {
		return func(ctx context.Context, p enginetest.Process) int {
			for _, word := range []string{"second", "third"} {
				line, _ := json.Marshal(agentapi.Event{Name: agentapi.EventVRRP, State: agentapi.State{VRRP: word}})
				_, _ = p.Stdout.Write(append(line, '\n'))
			}
			<-ctx.Done()
			return 0
		}
	}
	makePart(t, e, "n-01", topology.ServiceNode, 0)
	var got []string
	for len(got) == 0 || got[len(got)-1] != "n-01 third" {
		select {
		case word := <-l.told:
			got = append(got, word)
		case <-time.After(time.Minute):
			t.Fatal(got)
		}
	}
	for _, want := range []string{"n-01 first", "n-01-node die", "n-01-node destroy", "n-01-node create", "n-01-node start", "n-01 second"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q was not told, but %q", want, got)
		}
	}
	if slices.Contains(got, "n-01 old") {
		t.Errorf("told as news: %q", got)
	}
}
