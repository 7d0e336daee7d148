package app_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"halab/internal/app"
	"halab/internal/drill"
	"halab/internal/engine"
	"halab/internal/engine/enginetest"
	"halab/internal/engine/enginetest/labtest"
	"halab/internal/event"
	"halab/internal/fault"
)

// keepOpen lets several sessions use one engine.
type keepOpen struct{ *enginetest.Engine }

func (keepOpen) Close() error { return nil }

// told is a sink that keeps what it is told.
type told struct {
	mu   sync.Mutex
	list []event.Event
}

func (t *told) tell(e event.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = append(t.list, e)
}

// done counts the subjects that came through a phase.
func (t *told) done(phase string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, e := range t.list {
		if e.Phase == phase && e.Status == event.Done {
			n++
		}
	}
	return n
}

// open opens a session on a lab in memory.
func open(t *testing.T, w *labtest.World, set app.Setting, sink event.Sink) *app.Session {
	t.Helper()
	s, err := app.Open(t.Context(), app.World{
		Open: func(context.Context, string) (app.Engine, error) { return keepOpen{w.Engine}, nil },
		Env:  func(string) string { return "" },
	}, set, sink)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func newWorld(t *testing.T, set app.Setting) *labtest.World {
	t.Helper()
	project, err := set.Load(t.Context(), "debian12")
	if err != nil {
		t.Fatal(err)
	}
	return labtest.New(t, project)
}

// Everything that a lab is for can be done without the command line: a page needs
// no more than this.
func TestALabWithoutACommandLine(t *testing.T) {
	t.Parallel()
	set := app.Setting{Name: "halab", Base: "debian12"}
	w := newWorld(t, set)
	w.Buildable()
	var story told
	s, ctx := open(t, w, set, story.tell), t.Context()

	up, err := s.Up(ctx, time.Minute)
	if err != nil || up.URL != "http://192.168.99.10/frontend" || up.Base != "debian12" {
		t.Fatalf("up: %+v, %v", up, err)
	}
	if built, started := len(w.Engine.CallsOf("ImageBuild")), story.done("start"); built != 4 || started != 17 {
		t.Errorf("%d images were built, and the story tells of %d starts", built, started)
	}

	order, err := fault.Parse([]string{"haproxy", "kill"})
	if err != nil {
		t.Fatal(err)
	}
	broken, err := s.Fail(ctx, app.FailOrder{Order: order, Target: "frontend-00"})
	if err != nil || len(broken.Done) != 1 || len(broken.VIPs) != 1 ||
		!slices.Equal(broken.VIPs[0].Before, []string{"frontend-01"}) || !slices.Contains(broken.VIPs[0].Holders, "frontend-02") {
		t.Fatalf("fail: %+v, %v", broken, err)
	}
	st, err := s.Look(ctx)
	if err != nil || st.Ready || st.Clusters[0].Nodes[0].Services["haproxy"] != string(engine.StateExited) {
		t.Fatalf("look: %+v, %v", st, err)
	}
	if list, err := s.Faults(ctx); err != nil || len(list) != 1 || list[0].Service != "haproxy" {
		t.Errorf("faults: %+v, %v", list, err)
	}

	restored, err := s.Restore(ctx, "", fault.Scope{}, time.Minute)
	if err != nil || !restored.Healthy || len(restored.Mended) != 1 {
		t.Fatalf("restore: %+v, %v", restored, err)
	}

	result, err := s.Drill(ctx, app.DrillOrder{Names: []string{"backend/haproxy-kill"}, Options: drill.Options{Repeat: 1, Seed: 1}})
	if err != nil || len(result.Scenarios) != 1 || len(result.Scenarios[0].Runs) != 1 || !result.Scenarios[0].Runs[0].Valid() {
		t.Fatalf("drill: %v", err)
	}

	removed, err := s.Down(ctx, true)
	if err != nil || removed.Containers != 17 || removed.Images == 0 {
		t.Errorf("down: %+v, %v", removed, err)
	}
	if _, err := s.Faults(ctx); err == nil || !strings.Contains(err.Error(), "is not up") {
		t.Errorf("after down: %v", err)
	}
}
