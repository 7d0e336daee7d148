// Package enginetest holds an engine in memory for the tests of everything that
// drives one, and the contract test that it and the real adapter pass.
//
// The engine in memory behaves as a Docker Engine does where halab depends on
// it: names, labels, states, who joins whose namespaces, what is in use. Its
// containers run Go functions. Calls are recorded, and each can be made to fail.
package enginetest

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"halab/internal/engine"
)

// Engine is an engine in memory. The zero value is not ready: use New. It is
// safe for use by several goroutines.
type Engine struct {
	// Hooks may be set before the engine is used.
	Hooks Hooks
	// Description is what Info answers.
	Description engine.Info

	mu         sync.Mutex
	changed    chan struct{} // closed and replaced whenever something happens
	calls      []Call
	serial     int
	containers []*container // oldest first
	networks   []engine.Network
	volumes    []engine.Volume
	images     []engine.Image
	events     []engine.Event
	closed     bool
	stop       context.CancelFunc // ends every program
	life       context.Context
	programs   sync.WaitGroup
}

// Hooks change what the engine does. Each may be nil.
type Hooks struct {
	// Before is asked before every call. An error is the call's result, and the
	// call has no other effect. It may block, which delays the call.
	Before func(ctx context.Context, call Call) error
	// Program chooses what a container runs; nil, or a nil answer: a program
	// that ends at SIGTERM.
	Program func(engine.ContainerSpec) Program
	// Exec chooses what an exec runs in a container; nil, or a nil answer: a
	// program that exits with 0 at once.
	Exec func(engine.Container, engine.ExecSpec) Program
	// Build may refuse a build; what it passes to progress is the output.
	Build func(spec engine.BuildSpec, progress func(string)) error
	// Pull provides an image that isn't there; nil: there is no registry.
	Pull func(ref string) (engine.Image, error)
}

// Program is what runs in a container. It returns its exit code, and must
// return soon after ctx ends, which is its SIGKILL.
type Program func(ctx context.Context, p Process) int

// Process is what a program has to do with.
type Process struct {
	Args    []string // entry point and command
	Env     []string
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	Signals <-chan string // every signal but SIGKILL, by its full name
}

// Call is one call that an engine got.
type Call struct {
	Method string // as in "ContainerStart"
	Target string // name of the container, network, volume or image
	Detail string // what else matters: a signal, a path, a command
}

// String writes a call as "ContainerKill frontend-01 SIGKILL".
func (c Call) String() string {
	text := c.Method
	for _, part := range []string{c.Target, c.Detail} {
		if part != "" {
			text += " " + part
		}
	}
	return text
}

// New makes an engine that has nothing. Images are made by AddImage, and by
// building, importing, loading or pulling them.
func New() *Engine {
	life, stop := context.WithCancel(context.Background())
	return &Engine{
		Description: engine.Info{
			Version: "20.10.24", APIVersion: "1.41", OS: "linux", Arch: "x86_64",
			CPUs: 2, Memory: 4 << 30, DataRoot: "/var/lib/docker", CgroupVersion: "1", Name: "memory",
			NetworkDrivers: []string{"bridge", "host", "macvlan", "null"},
		},
		changed: make(chan struct{}),
		life:    life,
		stop:    stop,
	}
}

// Close ends all programs and waits for them.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	e.announce()
	e.mu.Unlock()
	e.stop()
	e.programs.Wait()
	return nil
}

// Info describes the engine.
func (e *Engine) Info(ctx context.Context) (engine.Info, error) {
	if err := e.enter(ctx, Call{Method: "Info"}); err != nil {
		return engine.Info{}, err
	}
	return e.Description, nil
}

// Calls lists the calls so far, oldest first.
func (e *Engine) Calls() []Call {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.calls)
}

// CallsOf lists the calls of one method so far.
func (e *Engine) CallsOf(method string) []Call {
	return slices.DeleteFunc(e.Calls(), func(c Call) bool { return c.Method != method })
}

// Forget empties the list of calls.
func (e *Engine) Forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = nil
}

// enter records a call and asks the hook for its fate.
func (e *Engine) enter(ctx context.Context, call Call) error {
	e.mu.Lock()
	e.calls = append(e.calls, call)
	closed := e.closed
	e.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", call, err)
	}
	if closed {
		return fmt.Errorf("%s: %w", call, engine.ErrUnreachable)
	}
	if e.Hooks.Before != nil {
		return e.Hooks.Before(ctx, call)
	}
	return nil
}

// announce wakes everybody who waits for a change. The lock is held.
func (e *Engine) announce() {
	close(e.changed)
	e.changed = make(chan struct{})
}

// until waits until done, which is called with the lock held, says so.
func (e *Engine) until(ctx context.Context, done func() bool) error {
	for {
		e.mu.Lock()
		if done() {
			e.mu.Unlock()
			return nil
		}
		changed, closed := e.changed, e.closed
		e.mu.Unlock()
		if closed {
			return engine.ErrUnreachable
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// id makes an ID like the engine's. The lock is held.
func (e *Engine) id() string {
	e.serial++
	const spread = 0x9e3779b97f4a // so that the first twelve digits differ
	return fmt.Sprintf("%012x%052x", e.serial*spread&0xffffffffffff, e.serial)
}

// happened records an event. The lock is held.
func (e *Engine) happened(c *container, action string) {
	e.events = append(e.events, engine.Event{
		Time: time.Now(), Container: c.ID, Action: action, Labels: c.Labels,
	})
	e.announce()
}

// Events hands over what happens to the containers that match the filter from
// now on, which ready is told, until take fails or ctx ends.
func (e *Engine) Events(ctx context.Context, filter engine.Filter, ready func(), take func(engine.Event) error) error {
	if err := e.enter(ctx, Call{Method: "Events"}); err != nil {
		return err
	}
	e.mu.Lock()
	seen := len(e.events)
	e.mu.Unlock()
	ready()
	for {
		var fresh []engine.Event
		err := e.until(ctx, func() bool {
			fresh = slices.Clone(e.events[seen:])
			return len(fresh) > 0
		})
		if err != nil {
			return fmt.Errorf("events: %w", err)
		}
		seen += len(fresh)
		for _, event := range fresh {
			if !matches(filter, event.Labels) {
				continue
			}
			if err := take(event); err != nil {
				return err
			}
		}
	}
}

func matches(filter engine.Filter, labels map[string]string) bool {
	for label, wanted := range filter {
		value, there := labels[label]
		if !there || wanted != "" && wanted != value {
			return false
		}
	}
	return true
}

func notFound(kind, name string) error {
	return fmt.Errorf("%w: no such %s: %s", engine.ErrNotFound, kind, name)
}

func conflict(format string, args ...any) error {
	return fmt.Errorf("%w: %s", engine.ErrConflict, fmt.Sprintf(format, args...))
}
