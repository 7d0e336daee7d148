package lab

import (
	"context"
	"sync"
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
	r := &readers{lab: l, order: o, last: last, reading: map[string]bool{}, lines: make(chan LogEntry, 256)}
	go func() {
		err := l.engine.Events(ctx, l.filter(), func(e engine.Event) error {
			if e.Action == "start" && o.wants(e.Labels) {
				r.start(ctx, e.Container, e.Labels)
			}
			return nil
		})
		cancel(err)
	}()
	all, err := l.Containers(ctx)
	if err != nil {
		return err
	}
	for _, c := range all {
		if o.wants(c.Labels) {
			r.start(ctx, c.ID, c.Labels)
		}
	}
	return inOrder(ctx, r.lines, take)
}

// inOrder hands lines over in the order in which they were written.
func inOrder(ctx context.Context, lines <-chan LogEntry, take func(LogEntry) error) error {
	order := Reorder[LogEntry]{Window: reorderWindow}
	tick := time.NewTicker(reorderWindow / 4)
	defer tick.Stop()
	for {
		var due []LogEntry
		var ended error
		select {
		case e := <-lines:
			order.Push(e, e.Time, time.Now())
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

// readers read one log each.
type readers struct {
	lab     *Lab
	order   LogOrder
	lines   chan LogEntry
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
		options.Since = r.order.Since
	}
	// An error ends this container's lines alone; the next start begins anew.
	_ = r.lab.engine.Logs(ctx, id, options, func(line engine.LogLine) error {
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
