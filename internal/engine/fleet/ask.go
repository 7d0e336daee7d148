package fleet

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"halab/internal/engine"
)

// errSilent says that an engine did not answer in time.
type errSilent struct{ after time.Duration }

func (e errSilent) Error() string { return fmt.Sprintf("no answer within %s", e.after) }

// Is makes silence a kind of being unreachable.
func (e errSilent) Is(target error) bool { return target == engine.ErrUnreachable }

// notOpen is why an endpoint can't even be opened.
type notOpen struct{ error }

// Is makes it a kind of being unreachable.
func (notOpen) Is(target error) bool { return target == engine.ErrUnreachable }

// wrap names the host an error is from.
func (m *member) wrap(err error) error {
	if err == nil || m.Name == "" {
		return err
	}
	var named *hostError
	if errors.As(err, &named) {
		return err
	}
	return &hostError{m.Name, m.Endpoint, err}
}

// hostError is an error of one host.
type hostError struct {
	name, endpoint string
	err            error
}

func (e *hostError) Error() string {
	text := e.err.Error()
	if strings.Contains(text, e.endpoint) {
		return e.name + ": " + text
	}
	return fmt.Sprintf("%s (%s): %s", e.name, e.endpoint, text)
}

func (e *hostError) Unwrap() error { return e.err }

// bounded runs a call with a bound on it, and names the host in its error. What
// comes of the call after its bound is nobody's any more.
func (m *member) bounded(ctx context.Context, bound time.Duration, call func(context.Context) error) error {
	if m.Engine == nil {
		return m.wrap(m.Problem)
	}
	if m.Name == "" {
		return call(ctx)
	}
	inner, cancel := context.WithTimeoutCause(ctx, bound, errSilent{bound})
	defer cancel()
	err := call(inner)
	if silent, late := context.Cause(inner).(errSilent); err != nil && late && ctx.Err() == nil {
		err = silent
	}
	return m.wrap(err)
}

// state is why the host did not answer the last look or is left out; nil where
// it takes part.
func (m *member) state() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.unfit != nil {
		return m.unfit
	}
	return m.failed
}

// absent tells an error that makes a host unreachable from others.
func absent(err error) bool {
	return errors.Is(err, engine.ErrUnreachable) || errors.Is(err, engine.ErrTooOld) || errors.Is(err, engine.ErrNoPermission)
}

// look asks a host for something, and remembers whether it answered. A host
// that did not answer the last time is asked behind the scenes, so that only
// the first look waits for it.
func (m *member) look(ctx context.Context, call func(context.Context) error) error {
	m.mu.Lock()
	failed := m.failed
	if failed != nil {
		if !m.looking && m.Engine != nil {
			m.looking = true
			go m.lookAgain(context.WithoutCancel(ctx))
		}
		m.mu.Unlock()
		return failed
	}
	m.mu.Unlock()
	err := m.bounded(ctx, m.ask, call)
	if ctx.Err() != nil || !absent(err) {
		return err
	}
	m.mu.Lock()
	m.failed = err
	m.mu.Unlock()
	return err
}

// lookAgain finds out whether a host is back.
func (m *member) lookAgain(ctx context.Context) {
	err := m.bounded(ctx, m.ask, func(ctx context.Context) error {
		_, err := m.Engine.Networks(ctx, engine.Filter{engine.LabelLab: ""})
		return err
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	m.looking = false
	m.failed = err
}

// gather asks the default engine and all hosts at once and puts together what
// came, in the order of the description. Hosts that do not answer are left out:
// Unreachable tells of them.
func gather[T any](ctx context.Context, f *Fleet, call func(context.Context, *member) ([]T, error)) ([]T, error) {
	members := f.all()
	lists := make([][]T, len(members))
	errs := make([]error, len(members))
	var all sync.WaitGroup
	for i, m := range members {
		all.Go(func() {
			work := func(ctx context.Context) (err error) {
				lists[i], err = call(ctx, m)
				return err
			}
			if m == f.home {
				errs[i] = work(ctx)
				return
			}
			if errs[i] = m.look(ctx, work); absent(errs[i]) {
				lists[i], errs[i] = nil, nil
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	var merged []T
	for _, list := range lists {
		merged = append(merged, list...)
	}
	return merged, nil
}
