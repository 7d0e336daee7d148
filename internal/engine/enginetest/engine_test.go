package enginetest_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"halab/internal/engine"
	"halab/internal/engine/enginetest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	enginetest.Contract(t, func(t *testing.T) enginetest.Subject {
		e := enginetest.NewPuppets()
		t.Cleanup(func() { _ = e.Close() })
		return e
	}, []byte("a layer"))
}

// withNode is an engine with one node and a service of it, both running.
func withNode(t *testing.T) *enginetest.Engine {
	t.Helper()
	e := enginetest.New()
	t.Cleanup(func() { _ = e.Close() })
	e.AddImage(engine.Image{Tags: []string{"x:1"}})
	for _, spec := range []engine.ContainerSpec{
		{Name: "node", Image: "x:1", NetworkMode: "none"},
		{Name: "service", Image: "x:1", NetworkMode: "container:node", PIDMode: "container:node"},
	} {
		if _, err := e.ContainerCreate(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
		if err := e.ContainerStart(t.Context(), spec.Name); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func TestCallsAreRecordedByName(t *testing.T) {
	e := withNode(t)
	node, err := e.Inspect(t.Context(), "node")
	if err != nil {
		t.Fatal(err)
	}
	e.Forget()
	if err := e.ContainerKill(t.Context(), node.ID, "9"); err != nil {
		t.Fatal(err)
	}
	if err := e.ContainerStart(t.Context(), "nobody"); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("start of nobody: %v", err)
	}
	want := []enginetest.Call{
		{Method: "ContainerKill", Target: "node", Detail: "SIGKILL"},
		{Method: "ContainerStart", Target: "nobody"},
	}
	if got := e.Calls(); !reflect.DeepEqual(got, want) {
		t.Errorf("calls %v, want %v", got, want)
	}
	if got := e.CallsOf("ContainerKill"); len(got) != 1 || got[0].String() != "ContainerKill node SIGKILL" {
		t.Errorf("calls of one method: %v", got)
	}
}

func TestARefusedCallHasNoEffect(t *testing.T) {
	e := withNode(t)
	broken := errors.New("broken")
	e.Hooks.Before = func(_ context.Context, call enginetest.Call) error {
		if call.Method == "ContainerRemove" && call.Target == "node" {
			return broken
		}
		return nil
	}
	if err := e.ContainerRemove(t.Context(), "node"); err != broken {
		t.Errorf("got %v", err)
	}
	if err := e.ContainerRemove(t.Context(), "service"); err != nil {
		t.Error(err)
	}
	left, err := e.Containers(t.Context(), nil)
	if err != nil || len(left) != 1 || left[0].Name != "node" || left[0].State != engine.StateRunning {
		t.Errorf("left: %+v, %v", left, err)
	}
}

func TestACrashTakesThePIDNamespaceAlong(t *testing.T) {
	e := withNode(t)
	if err := e.Crash("node", 1); err != nil {
		t.Fatal(err)
	}
	for name, code := range map[string]int{"node": 1, "service": 137} {
		c, err := e.Inspect(t.Context(), name)
		if err != nil || c.State != engine.StateExited || c.ExitCode != code {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	if err := e.Crash("node", 1); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("a second crash: %v", err)
	}
}

func TestClosedEngineIsNotReachable(t *testing.T) {
	e := withNode(t)
	waiting := make(chan error, 1)
	e.Hooks.Before = func(_ context.Context, call enginetest.Call) error {
		if call.Method == "ContainerWait" {
			return e.Close()
		}
		return nil
	}
	go func() {
		_, err := e.ContainerWait(t.Context(), "node")
		waiting <- err
	}()
	if err := <-waiting; err != nil && !errors.Is(err, engine.ErrUnreachable) {
		t.Errorf("waiting when it closed: %v", err)
	}
	if _, err := e.Containers(t.Context(), nil); !errors.Is(err, engine.ErrUnreachable) {
		t.Errorf("asked afterwards: %v", err)
	}
}
