package lab

import (
	"context"
	"sync"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/topology"
)

// Watch is a lab that is followed: the engine tells which containers begin and
// end, and each node's log what the node notices. It asks for nothing twice.
type Watch struct {
	end   context.CancelFunc
	ended chan struct{}

	mu      sync.Mutex
	state   *State
	err     error         // why it ended
	changed chan struct{} // closed and renewed with every new state
}

// Listener is told what changes a lab, as it happens; it must not block for long.
// What was there when the watch began is in its first state, and not told.
type Listener interface {
	// Node tells what PID 1 of a node noticed; labels are those of its container.
	Node(labels map[string]string, e agentapi.Event)
	// Engine tells what the engine says of a container.
	Engine(e engine.Event)
}

// Watch begins to follow a lab, which need not be there. The listener may be nil.
// The caller closes the watch.
func (l *Lab) Watch(ctx context.Context, tell Listener) (*Watch, error) {
	w := l.open(ctx, tell)
	for {
		st, changed, err := w.now()
		if st != nil && err == nil {
			return w, nil
		}
		if err != nil {
			w.Close()
			return nil, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			w.Close()
			return nil, context.Cause(ctx)
		}
	}
}

// open begins to follow the lab, and does not wait for its first state.
func (l *Lab) open(ctx context.Context, tell Listener) *Watch {
	ctx, end := context.WithCancel(ctx)
	w := &Watch{end: end, ended: make(chan struct{}), changed: make(chan struct{})}
	go newFollowing(l, w, tell).run(ctx)
	return w
}

// Close ends the watch, and waits for that.
func (w *Watch) Close() {
	w.end()
	<-w.ended
}

// State is the lab as it was seen last.
func (w *Watch) State() *State {
	st, _, _ := w.now()
	return st
}

func (w *Watch) now() (*State, <-chan struct{}, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state, w.changed, w.err
}

// publish makes a state the present one.
func (w *Watch) publish(st *State, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if st != nil {
		w.state = st
	}
	w.err = err
	close(w.changed)
	w.changed = make(chan struct{})
}

// Each hands over the lab as it is, and then each change, until ctx or take ends
// it. Of several changes at once the last one counts.
func (w *Watch) Each(ctx context.Context, take func(*State) error) error {
	for {
		st, changed, err := w.now()
		if err == nil {
			err = take(st)
		}
		if err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// againEvery is how often a condition is looked at while nothing changes: time may
// be a part of it. It costs the engine nothing.
const againEvery = 50 * time.Millisecond

// Until waits until a condition holds, and gives back the lab as it is then, or as
// it was last. Where patience runs out the error is ErrPatience; an error of the
// condition ends the wait.
func (w *Watch) Until(ctx context.Context, patience time.Duration, holds func(*State) (bool, error)) (*State, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, ErrPatience)
	defer cancel()
	again := time.NewTicker(againEvery)
	defer again.Stop()
	for {
		st, changed, err := w.now()
		if err != nil {
			return st, err
		}
		if st != nil { // nil before anything was seen
			if held, err := holds(st); held || err != nil {
				return st, err
			}
		}
		select {
		case <-changed:
		case <-again.C:
		case <-ctx.Done():
			return st, context.Cause(ctx)
		}
	}
}

// Until watches the lab until a condition holds: see Watch.Until.
func (l *Lab) Until(ctx context.Context, patience time.Duration, holds func(*State) (bool, error)) (*State, error) {
	w := l.open(ctx, nil)
	defer w.Close()
	return w.Until(ctx, patience, holds)
}

// report is an event that a node told, by its log.
type report struct {
	container engine.Container
	event     agentapi.Event
}

// logEnd says that a node's log is at its end.
type logEnd struct {
	container engine.Container
	err       error
}

// nodeOf is the name of the node whose own container this is, or "".
func nodeOf(labels map[string]string) string {
	if labels[engine.LabelService] != string(topology.ServiceNode) {
		return ""
	}
	return labels[engine.LabelNode]
}
