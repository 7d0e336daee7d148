package drill

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"halab/internal/agentapi"
	"halab/internal/lab"
)

// session is one run of the observer in the client container: it gathers what
// the observer prints and can be asked, while it runs, how the clients fare.
type session struct {
	observer *lab.Observer

	mu      sync.Mutex
	hello   *agentapi.ObserverHello
	samples []agentapi.Sample
	held    []agentapi.HeldEvent
	wire    []agentapi.WireEvent
	marks   []agentapi.ObserverMark
	lag     []agentapi.ProberLag
	stats   [][]agentapi.HAProxyTotals
	errs    []string
	err     error            // why the observer ended
	fails   map[string]int64 // stream -> Done of its latest failed sample
	goods   map[string]int64 // stream -> Due of the first sample of the present unbroken row of good ones
	changed chan struct{}    // closed and renewed at every line
}

// observe starts the observer and waits for its first line.
func observe(ctx context.Context, e lab.Executor, client string, spec agentapi.ObserverSpec) (*session, error) {
	s := &session{changed: make(chan struct{}), fails: map[string]int64{}, goods: map[string]int64{}}
	var err error
	s.observer, err = lab.Observe(ctx, e, client, spec, lab.Observation{Line: s.take, Odd: s.note, Ended: s.finish})
	if err != nil {
		return nil, err
	}
	err = s.until(context.WithoutCancel(ctx), helloTime, func() bool { return s.hello != nil })
	if err != nil {
		s.close()
		return nil, fmt.Errorf("start the observer in the client container: %w", err)
	}
	return s, nil
}

// helloTime bounds the observer's start.
const helloTime = 15 * time.Second

func (s *session) note(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errs = append(s.errs, text)
	s.wake()
}

// wake tells those who wait that something is new; the lock is held.
func (s *session) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *session) take(line agentapi.ObserverLine) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case line.Hello != nil:
		s.hello = line.Hello
	case line.Sample != nil:
		s.sample(*line.Sample)
	case line.Held != nil:
		s.held = append(s.held, *line.Held)
	case line.Wire != nil:
		s.wire = append(s.wire, *line.Wire)
	case line.Mark != nil:
		s.marks = append(s.marks, *line.Mark)
	case line.Lag != nil:
		s.lag = append(s.lag, *line.Lag)
	case line.Kind == "stats":
		s.stats = append(s.stats, line.Stats)
	case line.Error != "":
		s.errs = append(s.errs, line.Error)
	}
	s.wake()
}

// sample keeps a probe and what it means for the present row of good ones.
func (s *session) sample(p agentapi.Sample) {
	s.samples = append(s.samples, p)
	if !p.OK() {
		s.fails[p.Stream] = max(s.fails[p.Stream], p.Due)
		delete(s.goods, p.Stream)
		return
	}
	if first, found := s.goods[p.Stream]; (!found || p.Due < first) && p.Due > s.fails[p.Stream] {
		s.goods[p.Stream] = p.Due
	}
}

func (s *session) finish(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
	s.wake()
}

// errSlow says that a condition did not come about in its time.
var errSlow = errors.New("did not come about in time")

// until waits until the condition holds, looking again at every line of the
// observer. The condition is called with the lock held.
func (s *session) until(ctx context.Context, patience time.Duration, holds func() bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errSlow)
	defer cancel()
	for {
		s.mu.Lock()
		ok, err, changed := holds(), s.err, s.changed
		s.mu.Unlock()
		switch {
		case ok:
			return nil
		case err != nil:
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// mark sets a mark and waits until the observer has it, so that what is done
// next comes after it on the observer's clock.
func (s *session) mark(ctx context.Context, name string) error {
	return s.set(ctx, agentapi.ObserverCommand{Command: "mark", Mark: name})
}

// tried sets a mark at the end of a phase, once the held connections were tried.
func (s *session) tried(ctx context.Context, name string) error {
	return s.set(ctx, agentapi.ObserverCommand{Command: "mark", Mark: name, Try: true})
}

func (s *session) set(ctx context.Context, c agentapi.ObserverCommand) error {
	if err := s.observer.Send(c); err != nil {
		return err
	}
	return s.until(ctx, helloTime, func() bool {
		return len(s.marks) > 0 && s.marks[len(s.marks)-1].Name == c.Mark
	})
}

// totals reads the counters of every HAProxy.
func (s *session) totals(ctx context.Context) ([]agentapi.HAProxyTotals, error) {
	s.mu.Lock()
	had := len(s.stats)
	s.mu.Unlock()
	if err := s.observer.Send(agentapi.ObserverCommand{Command: "stats"}); err != nil {
		return nil, err
	}
	err := s.until(ctx, helloTime, func() bool { return len(s.stats) > had })
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats[had], nil
}

// steady waits until every stream has had nothing but good answers for a while.
func (s *session) steady(ctx context.Context, streams []agentapi.StreamSpec, calm, patience time.Duration) error {
	return s.until(ctx, patience, func() bool {
		if len(s.samples) == 0 {
			return false
		}
		now := s.samples[len(s.samples)-1].Due
		for _, stream := range streams {
			first, found := s.goods[stream.Name]
			if !found || now-first < calm.Nanoseconds() {
				return false
			}
		}
		return true
	})
}

// close ends the observer and waits for its last line, with a bound.
func (s *session) close() { s.observer.Close() }
