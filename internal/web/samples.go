package web

import (
	"sync"
	"time"

	"halab/internal/live"
)

// batchEvery is how often samples are sent: often enough for the eye, seldom enough
// for a processor.
const batchEvery = 50 * time.Millisecond

// samples hands the probes to all viewers, some at a time. Without a viewer it does
// nothing.
type samples struct {
	mu      sync.Mutex
	pending []sample
	viewers map[chan batch]struct{}
	stop    func() // ends the clock; nil while it stands
}

// batch is what was measured since the one before; its JSON is public (docs/ui.md).
type batch struct {
	Now     float64  `json:"now"` // ms of the Unix clock, when it was sent
	Samples []sample `json:"samples"`
}

// sample is one probe: [VIP, due (ms of the Unix clock), ms until the answer, node
// that answered, error].
type sample [5]any

func newSamples() *samples { return &samples{viewers: map[chan batch]struct{}{}} }

// take takes in a probe.
func (s *samples) take(p live.Probe) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.viewers) > 0 {
		s.pending = append(s.pending, sample{p.VIP, millis(p.Due), float64(p.Took.Microseconds()) / 1e3, p.Node, p.Error})
	}
}

func millis(t time.Time) float64 { return float64(t.UnixMicro()) / 1e3 }

// join adds a viewer, and gives what takes it away again.
func (s *samples) join() (view chan batch, leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	view = make(chan batch, behind)
	s.viewers[view] = struct{}{}
	if s.stop == nil {
		tick := time.NewTicker(batchEvery)
		ended := make(chan struct{})
		s.stop = func() { tick.Stop(); close(ended) }
		go func() {
			for {
				select {
				case <-tick.C:
					s.flush()
				case <-ended:
					return
				}
			}
		}()
	}
	return view, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.drop(view)
	}
}

// flush sends what is pending to all; a viewer that is too far behind is dropped.
func (s *samples) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pending) == 0 {
		return
	}
	b := batch{millis(time.Now()), s.pending}
	s.pending = nil
	for view := range s.viewers {
		select {
		case view <- b:
		default:
			s.drop(view)
		}
	}
}

// drop takes a viewer out; the last one stops the clock. The lock is held.
func (s *samples) drop(view chan batch) {
	if _, in := s.viewers[view]; !in {
		return
	}
	delete(s.viewers, view)
	close(view)
	if len(s.viewers) == 0 {
		s.stop()
		s.stop, s.pending = nil, nil
	}
}
