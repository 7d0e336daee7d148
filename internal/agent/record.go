package agent

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"halab/internal/agentapi"
)

// queueLength is how many events wait while standard output is slow. Beyond it
// events are dropped, counted, and owned up to: detection never waits.
const queueLength = 1024

// recorder keeps a node's state and writes an event for each change, in order.
type recorder struct {
	node  string
	queue chan agentapi.Event
	done  chan struct{}
	mute  func() bool // may be nil: while true, only faults are told

	mu      sync.Mutex
	state   agentapi.State
	dropped int
	closed  bool
}

// newRecorder starts the one goroutine that writes to w.
func newRecorder(node string, w io.Writer) *recorder {
	r := &recorder{
		node: node, queue: make(chan agentapi.Event, queueLength), done: make(chan struct{}),
		state: agentapi.State{VIPs: []string{}, Servers: map[string]string{},
			Link: "down", HAProxy: "gone", Keepalived: "gone", App: "gone"},
	}
	go r.write(w)
	return r
}

// note changes the state and queues the event, both as one step. change may
// decide against the event by returning false.
func (r *recorder) note(at moment, e agentapi.Event, change func(*agentapi.State, *agentapi.Event) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || change != nil && !change(&r.state, &e) {
		return
	}
	r.put(at, e)
}

// put queues an event with a copy of the state. The caller holds the lock.
func (r *recorder) put(at moment, e agentapi.Event) {
	e.Time, e.Mono, e.Node = at.wall, at.mono, r.node
	e.State = r.state
	e.State.VIPs = slices.Clone(r.state.VIPs)
	e.State.Servers = maps.Clone(r.state.Servers)
	e.State.Instances = maps.Clone(r.state.Instances)
	if r.mute != nil && r.mute() && e.Name != agentapi.EventFault {
		return
	}
	select {
	case r.queue <- e:
	default:
		r.dropped++
	}
}

// fail notes that the agent could not do something.
func (r *recorder) fail(format string, args ...any) {
	r.note(now(), agentapi.Event{Name: agentapi.EventError, Detail: fmt.Sprintf(format, args...)}, nil)
}

// snapshot is the state as it is.
func (r *recorder) snapshot() agentapi.State {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.state
	s.VIPs, s.Servers = slices.Clone(s.VIPs), maps.Clone(s.Servers)
	return s
}

func (r *recorder) write(w io.Writer) {
	defer close(r.done)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	for e := range r.queue {
		if encoder.Encode(e) != nil {
			continue // nobody reads; the next line may pass
		}
		if len(r.queue) == 0 {
			r.ownUp()
		}
	}
}

// ownUp queues an error event for what was dropped, once there is room. It
// carries the state, so that the last line is true again.
func (r *recorder) ownUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dropped == 0 || r.closed {
		return
	}
	n := r.dropped
	r.dropped = 0
	r.put(now(), agentapi.Event{Name: agentapi.EventError,
		Detail: fmt.Sprintf("%d events were dropped because nothing read the node's standard output", n)})
}

// close writes what is queued, at most for the given time.
func (r *recorder) close(limit time.Duration) {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.queue)
	}
	r.mu.Unlock()
	select {
	case <-r.done:
	case <-time.After(limit):
	}
}
