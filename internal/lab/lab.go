// Package lab brings a lab up, takes it down and tells its state: it observes
// what the engine has, executes a plan, and waits until the lab serves.
package lab

import (
	"context"
	"io"
	"time"

	"halab/internal/engine"
	"halab/internal/event"
	"halab/internal/plan"
	"halab/internal/topology"
)

// The engine as this package needs it, a few methods for each concern.
type (
	lister interface {
		Containers(ctx context.Context, f engine.Filter) ([]engine.Container, error)
		Networks(ctx context.Context, f engine.Filter) ([]engine.Network, error)
		Volumes(ctx context.Context, f engine.Filter) ([]engine.Volume, error)
		Images(ctx context.Context, f engine.Filter) ([]engine.Image, error)
		Inspect(ctx context.Context, id string) (engine.Container, error)
	}
	containerMaker interface {
		ContainerCreate(ctx context.Context, spec engine.ContainerSpec) (string, error)
		ContainerStart(ctx context.Context, id string) error
		ContainerUnpause(ctx context.Context, id string) error
		ContainerWait(ctx context.Context, id string) (int, error)
	}
	networkMaker interface {
		NetworkCreate(ctx context.Context, n engine.Network) (string, error)
		VolumeCreate(ctx context.Context, v engine.Volume) error
	}
	copier interface {
		CopyTo(ctx context.Context, id, path string, tar io.Reader) error
		CopyFrom(ctx context.Context, id, path string) (io.ReadCloser, error)
	}
	remover interface {
		ContainerRemove(ctx context.Context, id string) error
		NetworkRemove(ctx context.Context, id string) error
		VolumeRemove(ctx context.Context, name string) error
		ImageRemove(ctx context.Context, ref string) error
	}
	talker interface {
		Exec(ctx context.Context, id string, spec engine.ExecSpec) (int, error)
		Logs(ctx context.Context, id string, o engine.LogOptions, line func(engine.LogLine) error) error
		Events(ctx context.Context, f engine.Filter, ready func(), take func(engine.Event) error) error
	}
)

// Engine is what a container engine does for a lab.
type Engine interface {
	lister
	containerMaker
	networkMaker
	copier
	remover
	talker
}

// Lab works on one lab of one engine.
type Lab struct {
	name   string
	engine Engine
	sink   event.Sink

	expected *topology.Lab // what the description has; nil: it is not known

	namespace string // of the engine's host, as a helper told it; "" before one did
}

// New returns the lab of that name, which need not exist.
func New(name string, e Engine, sink event.Sink) *Lab {
	return &Lab{name: name, engine: e, sink: sink}
}

// Namespace is the network namespace of the engine's host, as a helper told it;
// "" where none was at work.
func (l *Lab) Namespace() string { return l.namespace }

// Name of the lab.
func (l *Lab) Name() string { return l.name }

func (l *Lab) filter() engine.Filter { return engine.Filter{engine.LabelLab: l.name} }

// Containers lists the lab's containers, whatever their state.
func (l *Lab) Containers(ctx context.Context) ([]engine.Container, error) {
	return l.engine.Containers(ctx, l.filter())
}

// Observe reads what the engine has of the lab.
func (l *Lab) Observe(ctx context.Context) (plan.Observed, error) {
	var o plan.Observed
	g := newGroup(ctx, 3)
	g.run(func(ctx context.Context) (err error) {
		o.Containers, err = l.engine.Containers(ctx, l.filter())
		return err
	})
	g.run(func(ctx context.Context) (err error) {
		o.Networks, err = l.engine.Networks(ctx, l.filter())
		return err
	})
	g.run(func(ctx context.Context) (err error) {
		o.Volumes, err = l.engine.Volumes(ctx, l.filter())
		return err
	})
	return o, g.wait()
}

// cleanupTime bounds work that must be done after a cancellation.
const cleanupTime = 20 * time.Second

// detached returns a context for cleaning up: it outlives the cancellation of
// ctx, with a bound.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
}

// run executes a command in a container and returns its exit code.
func (l *Lab) run(ctx context.Context, id string, out, errs io.Writer, cmd ...string) (int, error) {
	return l.engine.Exec(ctx, id, engine.ExecSpec{Command: cmd, Stdout: out, Stderr: errs})
}
