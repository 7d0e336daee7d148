package lab

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"halab/internal/engine"
	"halab/internal/plan"
)

// parallel is how many steps are under way at once. On two cores four were
// measured to be the quickest for 17 containers, two and seventeen a tenth
// slower: what an engine does for a start is half work and half waiting.
const parallel = 4

// execution is one run through a plan.
type execution struct {
	lab  *Lab
	plan plan.Plan
	host func(context.Context) error // makes the host's interfaces
	pace *pace

	mu     sync.Mutex
	ids    map[string]string // container name -> ID of what was created here
	failed map[string]error  // endpoint of a host -> the first error there
}

// lost is the error that ended the work on a host.
func (e *execution) lost(endpoint string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.failed[endpoint]
}

// fail notes an error. On a host of its own it ends the work there and nowhere
// else.
func (e *execution) fail(s plan.Step, err error, cancel context.CancelCauseFunc) {
	if s.Endpoint == "" {
		cancel(err)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failed[s.Endpoint] == nil {
		e.failed[s.Endpoint] = err
	}
}

// execute does every step as soon as those it needs are done. The first error
// keeps further steps from beginning, but for one of a host, which ends the work
// on that host alone; those under way are finished, so that
// nothing is half made.
func (l *Lab) execute(ctx context.Context, p plan.Plan, host func(context.Context) error) error {
	e := &execution{lab: l, plan: p, host: host, pace: newPace(l.states), ids: map[string]string{}, failed: map[string]error{}}
	done := make([]chan struct{}, len(p.Steps))
	for i := range done {
		done[i] = make(chan struct{})
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	slots := make(chan struct{}, parallel)
	var all sync.WaitGroup
	for i := range p.Steps {
		all.Go(func() {
			defer close(done[i])
			if err := e.step(ctx, i, done, slots); err != nil {
				e.fail(p.Steps[i], err, cancel)
			}
		})
	}
	all.Wait()
	errs := []error{context.Cause(ctx)}
	for _, endpoint := range slices.Sorted(maps.Keys(e.failed)) {
		errs = append(errs, e.failed[endpoint])
	}
	return errors.Join(errs...)
}

// step waits for what step i needs, then does it.
func (e *execution) step(ctx context.Context, i int, done []chan struct{}, slots chan struct{}) error {
	s := e.plan.Steps[i]
	for _, a := range s.After {
		<-done[a]
	}
	select {
	case <-ctx.Done():
		return nil
	case slots <- struct{}{}:
	}
	defer func() { <-slots }()
	if ctx.Err() != nil || e.lost(s.Endpoint) != nil {
		return nil
	}
	end := e.lab.sink.Begin(s.Subject, phase(s.Action), s.Cause)
	work, stop := e.pace.watch(context.WithoutCancel(ctx))
	err := stop(e.do(work, s))
	end(err)
	if err != nil {
		return fmt.Errorf("%s %s: %w", s.Action, s.Subject, err)
	}
	return nil
}

func phase(a plan.Action) string {
	switch a {
	case plan.CreateContainer, plan.CreateNetwork, plan.CreateVolume:
		return "create"
	case plan.HostNetwork:
		return "interfaces"
	case plan.WriteConfig:
		return "write"
	case plan.StartContainer:
		return "start"
	case plan.UnpauseContainer:
		return "unpause"
	}
	return "remove"
}

func (e *execution) do(ctx context.Context, s plan.Step) error {
	eng := e.lab.engine
	switch s.Action {
	case plan.HostNetwork:
		return e.host(ctx)
	case plan.CreateNetwork:
		_, err := eng.NetworkCreate(ctx, e.lab.placed(*s.Network))
		return err
	case plan.CreateVolume:
		return eng.VolumeCreate(ctx, *s.Volume)
	case plan.CreateContainer:
		id, err := eng.ContainerCreate(ctx, *s.Container)
		e.mu.Lock()
		e.ids[s.Subject] = id
		e.mu.Unlock()
		return err
	case plan.WriteConfig:
		return e.lab.write(ctx, e.id(s), s)
	case plan.StartContainer:
		return eng.ContainerStart(ctx, e.id(s))
	case plan.UnpauseContainer:
		return eng.ContainerUnpause(ctx, s.ID)
	case plan.RemoveContainer:
		return gone(eng.ContainerRemove(ctx, s.ID))
	case plan.RemoveNetwork:
		return gone(eng.NetworkRemove(ctx, s.ID))
	case plan.RemoveVolume:
		return gone(eng.VolumeRemove(ctx, s.ID))
	}
	return fmt.Errorf("no such action: %q", s.Action)
}

// placed is a network as it is made: with the namespace that its parent is in,
// where a helper has just told that.
func (l *Lab) placed(n engine.Network) engine.Network {
	if l.namespace != "" {
		n.Labels = maps.Clone(n.Labels)
		n.Labels[engine.LabelNamespace] = l.namespace
	}
	return n
}

// id of the container a step works on: one that was there, or one that an
// earlier step made.
func (e *execution) id(s plan.Step) string {
	if s.ID != "" {
		return s.ID
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ids[s.Subject]
}

// gone treats what is no longer there as removed.
func gone(err error) error {
	if errors.Is(err, engine.ErrNotFound) {
		return nil
	}
	return err
}
