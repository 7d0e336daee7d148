package probe

import (
	"context"
	"errors"
	"sync"
	"time"

	"halab/internal/agentapi"
)

const (
	// heldPatience is how long an answer on a held connection is waited for when it is
	// tried, and how long one may take to be opened. The kernel has sent a lost segment
	// again by then, three times.
	heldPatience = time.Second
	// secureTime is how long a handshake may take: it is arithmetic on both sides, and a
	// machine on which something fails is busy.
	secureTime = 3 * time.Second
	// trialStep is the time between two looks whether a trial is over.
	trialStep = 5 * time.Millisecond
)

// holder keeps the held connections. Unlike the probes they are few, so each has a
// goroutine that reads, and one that is busy another that asks.
type holder struct {
	clock clock
	ctx   context.Context // of all connections
	conns []*heldConn

	mu     sync.Mutex
	events []agentapi.HeldEvent
}

// hold prepares the held connections; open opens them.
func hold(ctx context.Context, c clock, specs []agentapi.HeldSpec) (*holder, error) {
	h := &holder{clock: c, ctx: ctx}
	var errs []error
	for _, spec := range specs {
		t, err := parseTarget(ctx, spec.URL)
		errs = append(errs, err)
		if t.scheme != "http" {
			t.request, t.parse = []byte(spec.Say), parseByte
		} else {
			t.parse = parseReply
		}
		h.conns = append(h.conns, &heldConn{holder: h, spec: spec, target: t})
	}
	return h, errors.Join(errs...)
}

// open opens every connection that is not, and waits until each has had its first
// answer or will have none.
func (h *holder) open() {
	var all sync.WaitGroup
	for _, c := range h.conns {
		all.Go(c.open)
	}
	all.Wait()
	h.settle()
}

// try learns what became of each connection, by using those that are idle, and then
// opens anew what ended or gives no answer.
func (h *holder) try() {
	for _, c := range h.conns {
		if c.spec.EveryMs == 0 {
			c.use()
		}
	}
	h.settle()
	for _, c := range h.conns {
		c.leave()
	}
	h.open()
}

// settle waits until no connection waits for an answer, or for long enough.
func (h *holder) settle() {
	deadline := time.Now().Add(heldPatience)
	for _, c := range h.conns {
		for c.waits() && time.Now().Before(deadline) {
			time.Sleep(trialStep)
		}
	}
}

// happened hands over the events since the last call.
func (h *holder) happened() []agentapi.HeldEvent {
	h.mu.Lock()
	defer h.mu.Unlock()
	events := h.events
	h.events = nil
	return events
}

// close lets go of all.
func (h *holder) close() {
	for _, c := range h.conns {
		c.leave()
		c.mu.Lock()
		if c.tcp != nil {
			c.drop()
		}
		c.mu.Unlock()
	}
}
