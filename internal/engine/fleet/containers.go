package fleet

import (
	"context"
	"io"
	"time"

	"halab/internal/engine"
)

// Containers lists those of all engines that answer.
func (f *Fleet) Containers(ctx context.Context, filter engine.Filter) ([]engine.Container, error) {
	return gather(ctx, f, func(ctx context.Context, m *member) ([]engine.Container, error) {
		list, err := m.Engine.Containers(ctx, filter)
		for i := range list {
			f.remember(list[i].Name, m)
			list[i].ID, list[i].Endpoint = m.route(list[i].ID), m.Endpoint
		}
		return list, err
	})
}

// Inspect describes one container.
func (f *Fleet) Inspect(ctx context.Context, id string) (engine.Container, error) {
	m, own := f.of(id)
	var c engine.Container
	err := m.bounded(ctx, m.act, func(ctx context.Context) (err error) {
		c, err = m.Engine.Inspect(ctx, own)
		return err
	})
	c.ID, c.Endpoint = m.route(c.ID), m.Endpoint
	return c, err
}

// ContainerCreate makes a container on the engine that the spec names.
func (f *Fleet) ContainerCreate(ctx context.Context, spec engine.ContainerSpec) (string, error) {
	m, err := f.at(spec.Endpoint)
	if err != nil {
		return "", err
	}
	id := ""
	err = m.bounded(ctx, m.act, func(ctx context.Context) error {
		id, err = m.Engine.ContainerCreate(ctx, spec)
		return err
	})
	if err == nil {
		f.remember(spec.Name, m)
	}
	return m.route(id), err
}

// act does something to a container on the engine that has it, which may take
// that much longer than other calls.
func (f *Fleet) act(ctx context.Context, id string, longer time.Duration, do func(ctx context.Context, e Engine, id string) error) error {
	m, own := f.of(id)
	return m.bounded(ctx, m.act+longer, func(ctx context.Context) error { return do(ctx, m.Engine, own) })
}

// ContainerStart starts a container.
func (f *Fleet) ContainerStart(ctx context.Context, id string) error {
	return f.act(ctx, id, 0, func(ctx context.Context, e Engine, id string) error { return e.ContainerStart(ctx, id) })
}

// ContainerStop stops a container.
func (f *Fleet) ContainerStop(ctx context.Context, id string, grace time.Duration) error {
	return f.act(ctx, id, max(grace, 0), func(ctx context.Context, e Engine, id string) error {
		return e.ContainerStop(ctx, id, grace)
	})
}

// ContainerKill sends a signal.
func (f *Fleet) ContainerKill(ctx context.Context, id, signal string) error {
	return f.act(ctx, id, 0, func(ctx context.Context, e Engine, id string) error { return e.ContainerKill(ctx, id, signal) })
}

// ContainerPause freezes a container.
func (f *Fleet) ContainerPause(ctx context.Context, id string) error {
	return f.act(ctx, id, 0, func(ctx context.Context, e Engine, id string) error { return e.ContainerPause(ctx, id) })
}

// ContainerUnpause lets a container go on.
func (f *Fleet) ContainerUnpause(ctx context.Context, id string) error {
	return f.act(ctx, id, 0, func(ctx context.Context, e Engine, id string) error { return e.ContainerUnpause(ctx, id) })
}

// ContainerRemove removes a container.
func (f *Fleet) ContainerRemove(ctx context.Context, id string) error {
	return f.act(ctx, id, 0, func(ctx context.Context, e Engine, id string) error { return e.ContainerRemove(ctx, id) })
}

// ContainerWait waits until a container does not run.
func (f *Fleet) ContainerWait(ctx context.Context, id string) (int, error) {
	m, own := f.of(id)
	code, err := m.Engine.ContainerWait(ctx, own)
	return code, m.wrap(err)
}

// CopyTo unpacks a tar stream in a folder of a container.
func (f *Fleet) CopyTo(ctx context.Context, id, path string, tar io.Reader) error {
	return f.act(ctx, id, 0, func(ctx context.Context, e Engine, id string) error { return e.CopyTo(ctx, id, path, tar) })
}

// CopyFrom returns a file or folder of a container as a tar stream.
func (f *Fleet) CopyFrom(ctx context.Context, id, path string) (io.ReadCloser, error) {
	m, own := f.of(id)
	stream, err := m.Engine.CopyFrom(ctx, own, path)
	return stream, m.wrap(err)
}

// Exec runs a command in a container. It takes as long as the command does.
func (f *Fleet) Exec(ctx context.Context, id string, spec engine.ExecSpec) (int, error) {
	m, own := f.of(id)
	code, err := m.Engine.Exec(ctx, own, spec)
	return code, m.wrap(err)
}

// Logs reads a container's log. The times of a host's lines are corrected by
// the offset of its clock, where that is known.
func (f *Fleet) Logs(ctx context.Context, id string, o engine.LogOptions, take func(engine.LogLine) error) error {
	m, own := f.of(id)
	if m.Name == "" {
		return m.Engine.Logs(ctx, own, o, take)
	}
	offset, _ := m.clock()
	if !o.Since.IsZero() {
		o.Since = o.Since.Add(offset)
	}
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	quiet := max(quietTime, m.ask) // the first line is the answer to a look
	silence := time.AfterFunc(quiet, func() { cancel(errSilent{quiet}) })
	defer silence.Stop()
	if o.Follow {
		silence.Stop()
	}
	err := m.Engine.Logs(inner, own, o, func(line engine.LogLine) error {
		if !o.Follow {
			silence.Reset(quiet)
		}
		line.Time = line.Time.Add(-offset)
		return take(line)
	})
	if silent, late := context.Cause(inner).(errSilent); err != nil && late && ctx.Err() == nil {
		err = silent
	}
	return m.wrap(err)
}
