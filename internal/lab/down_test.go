package lab_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"halab/internal/engine"
	"halab/internal/engine/enginetest"
	"halab/internal/event"
	"halab/internal/lab"
)

// newEngine has an image with the agent, whose helper finds nothing to do.
func newEngine(t *testing.T) *enginetest.Engine {
	t.Helper()
	e := enginetest.New()
	t.Cleanup(func() { _ = e.Close() })
	e.AddImage(engine.Image{Tags: []string{"halab/node:x"}, Labels: map[string]string{"halab.image": "node"}})
	e.Hooks.Program = func(s engine.ContainerSpec) enginetest.Program {
		if s.Labels[engine.LabelService] != "helper" {
			return nil
		}
		return func(_ context.Context, p enginetest.Process) int {
			_, _ = p.Stdout.Write([]byte("{}\n"))
			return 0
		}
	}
	return e
}

func create(t *testing.T, e *enginetest.Engine, name, service string) string {
	t.Helper()
	id, err := e.ContainerCreate(context.Background(), engine.ContainerSpec{Name: name, Image: "halab/node:x",
		Labels: map[string]string{engine.LabelLab: "l", engine.LabelService: service}})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func down(t *testing.T, e *enginetest.Engine) lab.Removed {
	t.Helper()
	r, err := lab.New("l", e, func(event.Event) {}).Down(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	left, err := e.Containers(t.Context(), engine.Filter{engine.LabelLab: "l"})
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	return r
}

// A helper that a killed halab left at work goes before anything else: it could
// make an interface anew.
func TestDownRemovesHelpersFirst(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"l-helper-up", "l-helper-down"} {
		t.Run(name, func(t *testing.T) {
			e := newEngine(t)
			create(t, e, "l-n1", "node")
			create(t, e, name, "helper")
			if r := down(t, e); r.Containers != 2 {
				t.Errorf("removed %+v", r)
			}
			calls := e.Calls()
			first := slices.IndexFunc(calls, func(c enginetest.Call) bool { return c.Method == "ContainerRemove" })
			if first < 0 || calls[first].Target != name {
				t.Errorf("the helper %s was not the first to go: %v", name, calls)
			}
		})
	}
}

// What a killed halab asked for last may appear when Down has looked already.
func TestDownLooksAgain(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	create(t, e, "l-n1", "node")
	var late sync.Once
	e.Hooks.Before = func(_ context.Context, c enginetest.Call) error {
		if c.Method == "ContainerRemove" {
			late.Do(func() { create(t, e, "l-n2", "node") })
		}
		return nil
	}
	if r := down(t, e); r.Containers != 2 {
		t.Errorf("removed %+v", r)
	}
}

// What the engine still makes for a killed halab holds a volume before it can be
// seen: Down comes back for both, and counts each once.
func TestDownComesBackForWhatIsBeingMade(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	create(t, e, "l-n1", "node")
	if err := e.VolumeCreate(t.Context(), engine.Volume{Name: "l-n1-run", Labels: map[string]string{engine.LabelLab: "l"}}); err != nil {
		t.Fatal(err)
	}
	var late sync.Once
	e.Hooks.Before = func(_ context.Context, c enginetest.Call) (err error) {
		if c.Method == "VolumeRemove" {
			late.Do(func() {
				create(t, e, "l-n1-app", "app")
				err = fmt.Errorf("%w: volume is in use", engine.ErrConflict)
			})
		}
		return err
	}
	if r := down(t, e); r.Containers != 2 || r.Volumes != 1 {
		t.Errorf("removed %+v", r)
	}
}

// What somebody else holds is said in the end, and not waited for for ever.
func TestDownGivesUpWhatIsHeld(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	create(t, e, "l-n1", "node")
	held := fmt.Errorf("%w: held by another", engine.ErrConflict)
	e.Hooks.Before = func(_ context.Context, c enginetest.Call) error {
		if c.Method == "ContainerRemove" && c.Target == "l-n1" {
			return held
		}
		return nil
	}
	if _, err := lab.New("l", e, func(event.Event) {}).Down(t.Context()); !errors.Is(err, held) {
		t.Errorf("Down says %v", err)
	}
}

// The name of a helper may be held for a moment after it was removed.
func TestDownWaitsForTheHelpersName(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	create(t, e, "l-n1", "node")
	refused := 0
	e.Hooks.Before = func(_ context.Context, c enginetest.Call) error {
		if c.Method == "ContainerCreate" && refused < 3 {
			refused++
			return engine.ErrConflict
		}
		return nil
	}
	down(t, e)
	if refused != 3 {
		t.Errorf("asked for the helper %d times", refused)
	}
}

// The helper may change interfaces and nothing else.
func TestHelperIsConfined(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	create(t, e, "l-n1", "node")
	var spec engine.ContainerSpec
	program := e.Hooks.Program
	e.Hooks.Program = func(s engine.ContainerSpec) enginetest.Program {
		if s.Labels[engine.LabelService] == "helper" {
			spec = s
		}
		return program(s)
	}
	down(t, e)
	if !slices.Equal(spec.CapDrop, []string{"ALL"}) || !slices.Equal(spec.CapAdd, []string{"NET_ADMIN"}) ||
		!slices.Equal(spec.SecurityOpt, []string{"no-new-privileges"}) || !spec.ReadOnly || len(spec.Mounts) > 0 || spec.PIDMode != "" {
		t.Errorf("the helper is %+v", spec)
	}
}

// The helper is on the host's network: an image that a description brought
// along never runs there, whatever its labels say.
func TestHelperRunsFromHalabsOwnImage(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	e.AddImage(engine.Image{Tags: []string{"somebody/else:1"}, Labels: map[string]string{"halab.image": "node"}})
	for service, name := range map[string]string{"node": "l-n1", "client": "l-client"} {
		if _, err := e.ContainerCreate(t.Context(), engine.ContainerSpec{Name: name, Image: "somebody/else:1",
			Labels: map[string]string{engine.LabelLab: "l", engine.LabelService: service}}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := e.Containers(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := lab.New("l", e, func(event.Event) {}).HelperImage(t.Context(), all)
	own, ownErr := e.ImageInspect(t.Context(), "halab/node:x")
	if err != nil || ownErr != nil || got != own.ID {
		t.Errorf("the helper would run from %q, %v; want %q", got, err, own.ID)
	}
}

func TestDownOfNothing(t *testing.T) {
	t.Parallel()
	if r := down(t, newEngine(t)); !r.Nothing() {
		t.Errorf("removed %+v", r)
	}
}

// A build that goes on beside Down has images with the label and without the
// agent in them yet; they have no name.
func TestDownUsesNoHalfBuiltImage(t *testing.T) {
	t.Parallel()
	e := enginetest.New()
	t.Cleanup(func() { _ = e.Close() })
	e.AddImage(engine.Image{Labels: map[string]string{"halab.image": "node"}})
	down(t, e)
	for _, c := range e.Calls() {
		if c.Method == "ContainerCreate" {
			t.Errorf("a helper was made from a half-built image: %v", c)
		}
	}
}
