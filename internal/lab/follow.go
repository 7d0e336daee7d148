package lab

import (
	"context"
	"time"

	"halab/internal/engine"
)

// reorderWindow is how long a line waits for older ones of other containers.
const reorderWindow = 120 * time.Millisecond

// Follow hands over new lines until ctx or take ends it: those after what Logs had
// read. A container that starts again, or is made meanwhile, is followed from then
// on.
func (l *Lab) Follow(ctx context.Context, o LogOrder, last map[string]time.Time, take func(LogEntry) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	lines := make(chan LogEntry, 256)
	t := newTails(l.engine, engine.LogOptions{Since: o.Since, Tail: -1}, last)
	t.take = func(ctx context.Context, c engine.Container, line engine.LogLine) error {
		select {
		case lines <- entry(c.Labels, line):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	listens := make(chan struct{})
	go func() {
		err := l.engine.Events(ctx, l.filter(), func() { close(listens) }, func(e engine.Event) error {
			if e.Action == "start" && o.wants(e.Labels) {
				t.start(ctx, engine.Container{ID: e.Container, Labels: e.Labels})
			}
			return nil
		})
		cancel(err)
	}()
	select {
	case <-listens:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	all, err := l.Containers(ctx)
	if err != nil {
		return err
	}
	for _, c := range all {
		if o.wants(c.Labels) {
			t.start(ctx, c)
		}
	}
	return InOrder(ctx, reorderWindow, lines, func(e LogEntry) time.Time { return e.Time }, take)
}

// InOrder hands over what comes, in the order of its own time (see Reorder), until
// ctx or take ends it; what is held then is handed over first.
func InOrder[T any](ctx context.Context, window time.Duration, lines <-chan T, at func(T) time.Time, take func(T) error) error {
	order := Reorder[T]{Window: window}
	tick := time.NewTicker(window / 4)
	defer tick.Stop()
	for {
		var due []T
		var ended error
		select {
		case e := <-lines:
			order.Push(e, at(e), time.Now())
			continue
		case now := <-tick.C:
			due = order.Pop(now)
		case <-ctx.Done():
			due, ended = order.Flush(), context.Cause(ctx)
		}
		for _, e := range due {
			if err := take(e); err != nil {
				return err
			}
		}
		if ended != nil {
			return ended
		}
	}
}
