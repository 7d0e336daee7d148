package cli

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"halab/internal/engine"
	"halab/internal/ui"
)

// follower reads the logs of a lab's containers and prints them in order.
type follower struct {
	*session
	logging
	print func(ui.LogEntry) error
}

// past prints what has been written so far and says how far each container was
// read.
func (f *follower) past(ctx context.Context) (map[string]time.Time, error) {
	all, err := f.Lab.Containers(ctx)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var lines []ui.LogEntry
	last := map[string]time.Time{}
	g, gctx := errgroup.WithContext(ctx)
	for _, c := range all {
		if !f.wants(c.Labels) {
			continue
		}
		g.Go(func() error {
			err := f.Engine.Logs(gctx, c.ID, engine.LogOptions{Since: f.since, Tail: f.tail}, func(line engine.LogLine) error {
				mu.Lock()
				defer mu.Unlock()
				last[c.ID] = line.Time
				lines = append(lines, entry(c.Labels, line))
				return nil
			})
			if err != nil && !errors.Is(err, engine.ErrNotFound) {
				return unreadable(c, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(lines, func(a, b ui.LogEntry) int { return a.Time.Compare(b.Time) })
	if f.tail >= 0 && len(lines) > f.tail {
		lines = lines[len(lines)-f.tail:]
	}
	for _, e := range lines {
		if err := f.print(e); err != nil {
			return nil, err
		}
	}
	return last, nil
}

// reorderWindow is how long a line waits for older ones of other containers.
const reorderWindow = 120 * time.Millisecond

// follow prints new lines until ctx ends. A container that starts again, or is
// made while it runs, is followed from then on.
func (f *follower) follow(ctx context.Context, last map[string]time.Time) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &readers{follower: f, last: last, reading: map[string]bool{}, lines: make(chan ui.LogEntry, 256)}
	go func() {
		err := f.Engine.Events(ctx, engine.Filter{engine.LabelLab: f.in.Name}, func(e engine.Event) error {
			if e.Action == "start" && f.wants(e.Labels) {
				r.start(ctx, e.Container, e.Labels)
			}
			return nil
		})
		cancel(err)
	}()
	all, err := f.Lab.Containers(ctx)
	if err != nil {
		return err
	}
	for _, c := range all {
		if f.wants(c.Labels) {
			r.start(ctx, c.ID, c.Labels)
		}
	}
	return f.printInOrder(ctx, r.lines)
}

func (f *follower) printInOrder(ctx context.Context, lines <-chan ui.LogEntry) error {
	order := ui.Reorder[ui.LogEntry]{Window: reorderWindow}
	tick := time.NewTicker(reorderWindow / 4)
	defer tick.Stop()
	for {
		var due []ui.LogEntry
		select {
		case e := <-lines:
			order.Push(e, e.Time, time.Now())
			continue
		case now := <-tick.C:
			due = order.Pop(now)
		case <-ctx.Done():
			for _, e := range order.Flush() {
				if err := f.print(e); err != nil {
					return err
				}
			}
			return context.Cause(ctx)
		}
		for _, e := range due {
			if err := f.print(e); err != nil {
				return err
			}
		}
	}
}

// readers read one log each.
type readers struct {
	*follower
	lines   chan ui.LogEntry
	mu      sync.Mutex
	last    map[string]time.Time // newest line of each container
	reading map[string]bool      // containers that are read; true: once more
}

// start reads a container's new lines, unless somebody does: then that reader
// begins anew when it is through, because the container may have started again
// just when its reader was ending.
func (r *readers) start(ctx context.Context, id string, labels map[string]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, busy := r.reading[id]; busy {
		r.reading[id] = true
		return
	}
	r.reading[id] = false
	go func() {
		for again := true; again && ctx.Err() == nil; {
			r.read(ctx, id, labels)
			r.mu.Lock()
			again = r.reading[id]
			r.reading[id] = false
			if !again {
				delete(r.reading, id)
			}
			r.mu.Unlock()
		}
	}()
}

func (r *readers) read(ctx context.Context, id string, labels map[string]string) {
	r.mu.Lock()
	since := r.last[id]
	r.mu.Unlock()
	options := engine.LogOptions{Follow: true, Since: since, Tail: -1}
	if since.IsZero() {
		options.Since = r.since
	}
	// An error ends this container's lines alone; the next start begins anew.
	_ = r.Engine.Logs(ctx, id, options, func(line engine.LogLine) error {
		r.mu.Lock()
		news := line.Time.After(r.last[id])
		if news {
			r.last[id] = line.Time
		}
		r.mu.Unlock()
		if !news {
			return nil
		}
		select {
		case r.lines <- entry(labels, line):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}
