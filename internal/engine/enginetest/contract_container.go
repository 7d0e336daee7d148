package enginetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"halab/internal/engine"
)

func (b *bench) info(t *testing.T) {
	info, err := b.engine.Info(t.Context())
	b.do(t, "info", err)
	if info.Version == "" || info.APIVersion == "" || info.OS == "" || info.Arch == "" || info.CPUs < 1 || info.Memory < 1 {
		t.Errorf("info has gaps: %+v", info)
	}
}

func (b *bench) lifecycle(t *testing.T) {
	ctx, name := t.Context(), b.name("life")
	spec := b.spec(name, "wait")
	spec.Labels["halab.contract.extra"] = "a=b c"
	id := b.create(t, spec)
	if got := b.listed(t, b.mine()); got[name].State != engine.StateCreated || got[name].ID != id {
		t.Errorf("after create: %+v", got[name])
	}
	b.do(t, "start", b.engine.ContainerStart(ctx, id))
	b.do(t, "start again", b.engine.ContainerStart(ctx, id))
	running, err := b.engine.Inspect(ctx, name)
	b.do(t, "inspect by name", err)
	switch {
	case running.State != engine.StateRunning, running.PID == 0, running.Started.IsZero(), running.ID != id,
		running.Name != name, running.ImageID != b.imageID, running.Image != b.image:
		t.Errorf("running: %+v", running)
	}
	for filter, want := range map[string]bool{"": true, "a=b c": true, "other": false} {
		_, found := b.listed(t, engine.Filter{contractLabel: b.run, "halab.contract.extra": filter})[name]
		if found != want {
			t.Errorf("filter %q found it: %v, want %v", filter, found, want)
		}
	}
	b.says(t, id, "ready")
	b.do(t, "stop", b.engine.ContainerStop(ctx, id, patience))
	stopped := b.reaches(t, id, engine.StateExited)
	if stopped.ExitCode != 0 || stopped.Finished.Before(stopped.Started) || stopped.PID != 0 {
		t.Errorf("stopped: %+v", stopped)
	}
	b.do(t, "stop again", b.engine.ContainerStop(ctx, id, patience))
	b.refused(t, "kill a stopped container", b.engine.ContainerKill(ctx, id, "SIGKILL"), engine.ErrConflict)
	b.do(t, "start once more", b.engine.ContainerStart(ctx, id))
	b.do(t, "kill", b.engine.ContainerKill(ctx, id, ""))
	if killed := b.reaches(t, id, engine.StateExited); killed.ExitCode != exitKilled {
		t.Errorf("killed: code %d, want %d", killed.ExitCode, exitKilled)
	}
	b.do(t, "start after the kill", b.engine.ContainerStart(ctx, id))
	b.do(t, "remove while it runs", b.engine.ContainerRemove(ctx, id))
	_, err = b.engine.Inspect(ctx, id)
	b.refused(t, "inspect after remove", err, engine.ErrNotFound)
	b.refused(t, "remove after remove", b.engine.ContainerRemove(ctx, id), engine.ErrNotFound)
	b.refused(t, "start after remove", b.engine.ContainerStart(ctx, id), engine.ErrNotFound)
}

func (b *bench) listed(t *testing.T, filter engine.Filter) map[string]engine.Container {
	t.Helper()
	found, err := b.engine.Containers(t.Context(), filter)
	b.do(t, "list containers", err)
	named := map[string]engine.Container{}
	for _, c := range found {
		named[c.Name] = c
	}
	return named
}

func (b *bench) creation(t *testing.T) {
	name := b.name("twice")
	b.create(t, b.spec(name, "wait"))
	_, err := b.engine.ContainerCreate(t.Context(), b.spec(name, "wait"))
	b.refused(t, "create again", err, engine.ErrConflict)
	missing := b.spec(b.name("imageless"), "wait")
	missing.Image = "halab-contract:none-" + b.run
	_, err = b.engine.ContainerCreate(t.Context(), missing)
	b.refused(t, "create without an image", err, engine.ErrNotFound)
}

func (b *bench) stopping(t *testing.T) {
	id := b.started(t, b.spec(b.name("stubborn"), "stubborn"))
	b.says(t, id, "ready")
	const grace = time.Second
	begun := time.Now()
	b.do(t, "stop", b.engine.ContainerStop(t.Context(), id, grace))
	if took := time.Since(begun); took < grace {
		t.Errorf("it took %s, want at least the grace of %s", took, grace)
	}
	if c := b.reaches(t, id, engine.StateExited); c.ExitCode != exitKilled {
		t.Errorf("code %d, want %d", c.ExitCode, exitKilled)
	}
}

func (b *bench) pausing(t *testing.T) {
	ctx, id := t.Context(), b.started(t, b.spec(b.name("pause"), "wait"))
	b.says(t, id, "ready")
	if err := b.engine.ContainerUnpause(ctx, id); err == nil {
		t.Error("unpause of what isn't paused: no error")
	}
	b.do(t, "pause", b.engine.ContainerPause(ctx, id))
	b.reaches(t, id, engine.StatePaused)
	b.refused(t, "pause again", b.engine.ContainerPause(ctx, id), engine.ErrConflict)
	b.refused(t, "start while paused", b.engine.ContainerStart(ctx, id), engine.ErrConflict)
	_, err := b.engine.Exec(ctx, id, engine.ExecSpec{Command: []string{puppetPath, "exit", "0"}})
	b.refused(t, "exec while paused", err, engine.ErrConflict)
	b.do(t, "unpause", b.engine.ContainerUnpause(ctx, id))
	b.reaches(t, id, engine.StateRunning)
	b.do(t, "pause for the end", b.engine.ContainerPause(ctx, id))
	b.do(t, "remove while paused", b.engine.ContainerRemove(ctx, id))
	stopped := b.create(t, b.spec(b.name("pause"), "wait"))
	b.refused(t, "pause what doesn't run", b.engine.ContainerPause(ctx, stopped), engine.ErrConflict)
}

func (b *bench) waiting(t *testing.T) {
	id := b.started(t, b.spec(b.name("three"), "exit", "3"))
	code, err := b.engine.ContainerWait(t.Context(), id)
	if err != nil || code != 3 {
		t.Errorf("wait: %d, %v; want 3", code, err)
	}
	_, err = b.engine.ContainerWait(t.Context(), b.name("nobody"))
	b.refused(t, "wait for nobody", err, engine.ErrNotFound)

	running := b.started(t, b.spec(b.name("forever"), "wait"))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := b.engine.ContainerWait(ctx, running)
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled wait: %v", err)
	}
}

func (b *bench) joining(t *testing.T) {
	ctx, node := t.Context(), b.name("node")
	service := b.spec(b.name("service"), "wait")
	service.NetworkMode, service.PIDMode = joinPrefix+node, joinPrefix+node
	_, err := b.engine.ContainerCreate(ctx, service)
	b.refused(t, "create a service before its node", err, engine.ErrNotFound)

	nodeID := b.create(t, b.spec(node, "wait"))
	serviceID := b.create(t, service)
	b.refused(t, "start a service before its node", b.engine.ContainerStart(ctx, serviceID), engine.ErrConflict)
	for range 2 { // the second round: a node that comes back
		b.do(t, "start the node", b.engine.ContainerStart(ctx, nodeID))
		b.do(t, "start the service", b.engine.ContainerStart(ctx, serviceID))
		b.reaches(t, serviceID, engine.StateRunning)
		if c := b.listed(t, engine.Filter{})[service.Name]; c.Joins != nodeID {
			t.Errorf("the service joins %q, its node is %s", c.Joins, nodeID)
		}
		b.do(t, "kill the node", b.engine.ContainerKill(ctx, nodeID, "KILL"))
		if c := b.reaches(t, serviceID, engine.StateExited); c.ExitCode != exitKilled {
			t.Errorf("the service ended with %d, want %d", c.ExitCode, exitKilled)
		}
		b.reaches(t, nodeID, engine.StateExited)
	}
	b.refused(t, "start a service of a dead node", b.engine.ContainerStart(ctx, serviceID), engine.ErrConflict)
}

func (b *bench) joiningAgain(t *testing.T) {
	ctx, node := t.Context(), b.spec(b.name("node"), "wait")
	old := b.started(t, node)
	service := b.spec(b.name("service"), "wait")
	service.NetworkMode, service.PIDMode = joinPrefix+node.Name, joinPrefix+node.Name
	serviceID := b.create(t, service)
	b.do(t, "remove the node", b.engine.ContainerRemove(ctx, old))
	b.started(t, node)
	err := b.engine.ContainerStart(ctx, serviceID)
	b.refused(t, "start a service of the node that was", err, engine.ErrNotFound)
}

// listsAsEnded holds that who has heard of an end finds it in the list as well.
func (b *bench) listsAsEnded(t *testing.T, id string) {
	t.Helper()
	all, err := b.engine.Containers(t.Context(), b.mine())
	b.do(t, "list", err)
	for _, c := range all {
		if c.ID == id && c.State != engine.StateExited && c.State != engine.StateRemoving && c.State != engine.StateDead {
			t.Errorf("after its die event the container is listed as %s", c.State)
		}
	}
}

func (b *bench) events(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	heard := make(chan engine.Event, 256)
	done := make(chan error, 1)
	listens := make(chan struct{})
	go func() {
		done <- b.engine.Events(ctx, b.mine(), func() { close(listens) }, func(event engine.Event) error {
			heard <- event
			return nil
		})
	}()
	<-listens
	id := b.started(t, b.spec(b.name("event"), "wait"))
	b.do(t, "kill", b.engine.ContainerKill(ctx, id, "KILL"))
	b.reaches(t, id, engine.StateExited)
	b.do(t, "remove", b.engine.ContainerRemove(ctx, id))
	var actions []string
	for deadline := time.After(patience); !slices.Contains(actions, "destroy"); {
		select {
		case event := <-heard:
			if event.Container != id {
				continue
			}
			if event.Labels[contractLabel] != b.run || event.Time.IsZero() {
				t.Errorf("event without labels or time: %+v", event)
			}
			actions = append(actions, event.Action)
			if event.Action == "die" {
				b.listsAsEnded(t, id)
			}
		case <-deadline:
			t.Fatalf("no destroy event; got %q", actions)
		}
	}
	at := -1
	for _, want := range []string{"create", "start", "kill", "die", "destroy"} {
		if next := slices.Index(actions, want); next <= at {
			t.Errorf("events %q: %q is missing or out of order", actions, want)
		} else {
			at = next
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled events: %v", err)
	}
}
