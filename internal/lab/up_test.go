package lab_test

import (
	"context"
	"fmt"
	"testing"

	"halab/internal/engine"
	"halab/internal/engine/enginetest"
	"halab/internal/event"
	"halab/internal/lab"
	"halab/internal/plan"
)

// What the engine is removing runs for its list until the end; the plan makes it
// anew all the same, and waits for the removal first.
func TestPlanSeesWhatIsGoing(t *testing.T) {
	e := newEngine(t)
	l := lab.New("l", e, func(event.Event) {})
	var want lab.Want
	for _, name := range []string{"l-n1", "l-n2"} {
		want.Containers = append(want.Containers, engine.ContainerSpec{Name: name, Image: "halab/node:x",
			Labels: map[string]string{engine.LabelLab: "l", engine.LabelService: "node"}})
	}
	p, err := l.Plan(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range p.Steps {
		if s.Action != plan.CreateContainer {
			continue
		}
		id, err := e.ContainerCreate(t.Context(), *s.Container)
		if err == nil {
			err = e.ContainerStart(t.Context(), id)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if p, err := l.Plan(t.Context(), want); err != nil || !p.Empty() {
		t.Fatalf("a lab that is there needs %v, %v", p, err)
	}

	e.Hooks.Before = func(_ context.Context, c enginetest.Call) error {
		if c.Method == "Logs" && c.Target == "l-n2" {
			return fmt.Errorf("%w: dead or marked for removal", engine.ErrNotFound)
		}
		return nil
	}
	p, err = l.Plan(t.Context(), want)
	var steps []string
	for _, s := range p.Steps {
		steps = append(steps, string(s.Action)+" "+s.Subject)
	}
	if got := fmt.Sprint(steps); err != nil || got != "[remove container l-n2 create container l-n2 start container l-n2]" {
		t.Errorf("the plan is %s, %v", got, err)
	}
}
