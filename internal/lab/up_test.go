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
	t.Parallel()
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

// The network says which namespace the engine's host is in, as the helper that
// made its parent told it.
func TestNetworkKeepsTheNamespace(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	e.Hooks.Program = func(s engine.ContainerSpec) enginetest.Program {
		return func(_ context.Context, p enginetest.Process) int {
			_, _ = p.Stdout.Write([]byte(`{"namespace":"net:[7] boot"}` + "\n"))
			return 0
		}
	}
	l := lab.New("l", e, func(event.Event) {})
	labels := map[string]string{engine.LabelLab: "l"}
	want := lab.Want{HostImage: "halab/node:x", Wanted: plan.Wanted{HostNetwork: true,
		Networks: []engine.Network{{Name: "l-lab", Driver: "bridge", Labels: labels}}}}
	_ = l.Up(t.Context(), want) // nobody serves, which is not asked here
	made, err := e.Networks(t.Context(), engine.Filter{engine.LabelLab: "l"})
	if err != nil || len(made) != 1 || made[0].Labels[engine.LabelNamespace] != "net:[7] boot" || l.Namespace() != "net:[7] boot" {
		t.Errorf("%v, %v, and the lab knows %q", made, err, l.Namespace())
	}
	if len(labels) != 1 {
		t.Errorf("the description's labels were changed: %v", labels)
	}
	if p, err := l.Plan(t.Context(), lab.Want{Wanted: plan.Wanted{Networks: want.Networks}}); err != nil || !p.Empty() {
		t.Errorf("the label alone makes the network another: %v, %v", p, err)
	}
}
