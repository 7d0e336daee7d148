package lab

import (
	"context"
	"sync"
	"time"

	"halab/internal/engine"
)

// tails follow the logs of containers, each as long as it runs.
type tails struct {
	engine talker
	first  engine.LogOptions // of a container that was not read before
	// take gets the lines of a container in order, each once.
	take func(ctx context.Context, c engine.Container, line engine.LogLine) error
	// ended is told that a log is at its end, or why it can't be read; nil: nobody
	// asks.
	ended func(c engine.Container, err error)

	mu      sync.Mutex
	last    map[string]time.Time // newest line of each container
	reading map[string]*tail
}

// tail is the reading of one log.
type tail struct {
	stop  context.CancelFunc
	again bool // once more when it is through
}

func newTails(e talker, first engine.LogOptions, last map[string]time.Time) *tails {
	if last == nil {
		last = map[string]time.Time{}
	}
	first.Follow = true
	return &tails{engine: e, first: first, last: last, reading: map[string]*tail{}}
}

// start reads a container's new lines, unless somebody does: then that reader
// begins anew when it is through, because the container may have started again
// just when its reader was ending.
func (t *tails) start(ctx context.Context, c engine.Container) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r, busy := t.reading[c.ID]; busy {
		r.again = true
		return
	}
	ctx, stop := context.WithCancel(ctx)
	r := &tail{stop: stop}
	t.reading[c.ID] = r
	go func() {
		defer stop()
		for again := true; again && ctx.Err() == nil; {
			err := t.read(ctx, c)
			t.mu.Lock()
			again, r.again = r.again, false
			if !again && t.reading[c.ID] == r {
				delete(t.reading, c.ID)
			}
			t.mu.Unlock()
			if t.ended != nil && ctx.Err() == nil {
				t.ended(c, err)
			}
		}
	}()
}

// reads says whether a container's log is being read.
func (t *tails) reads(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.reading[id] != nil
}

// fromBeginning has all lines of a container read, which was not read before.
func (t *tails) fromBeginning(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last[id] = time.Unix(0, 1) // before any line, and not "never read"
}

// stop ends the reading of a container that is not there any more.
func (t *tails) stop(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.reading[id]; r != nil {
		r.stop()
		delete(t.reading, id)
	}
}

func (t *tails) read(ctx context.Context, c engine.Container) error {
	t.mu.Lock()
	options, since := t.first, t.last[c.ID]
	t.mu.Unlock()
	if !since.IsZero() {
		options = engine.LogOptions{Follow: true, Since: since, Tail: -1}
	}
	return t.engine.Logs(ctx, c.ID, options, func(line engine.LogLine) error {
		t.mu.Lock()
		news := line.Time.After(t.last[c.ID])
		if news {
			t.last[c.ID] = line.Time
		}
		t.mu.Unlock()
		if !news {
			return nil
		}
		return t.take(ctx, c, line)
	})
}
