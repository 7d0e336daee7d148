package web

import (
	"testing"
	"time"

	"halab/internal/live"
)

// Probes go to every viewer some at a time, one that takes none is dropped, and the
// clock stands while nobody looks.
func TestSamples(t *testing.T) {
	t.Parallel()
	s := newSamples()
	s.take(live.Probe{VIP: "early"})
	a, leaveA := s.join()
	slow, leaveSlow := s.join()
	defer leaveSlow()
	due := time.UnixMilli(1500)
	s.take(live.Probe{VIP: "10.0.0.1", Due: due, Took: 1500 * time.Microsecond, Node: "n"})
	s.take(live.Probe{VIP: "10.0.0.1", Due: due, Took: time.Second, Error: "timeout"})
	got := <-a
	if len(got.Samples) != 2 || got.Samples[0] != (sample{"10.0.0.1", 1500.0, 1.5, "n", ""}) || got.Samples[1][4] != "timeout" {
		t.Errorf("the batch is %v", got)
	}
	for range behind { // with the one before it, one more than slow has room for
		s.take(live.Probe{})
		s.flush()
		<-a
	}
	for range behind {
		<-slow
	}
	if _, open := <-slow; open {
		t.Error("a viewer that took nothing was not dropped")
	}
	leaveA()
	leaveA() // once more does no harm
	if s.stop != nil || len(s.viewers) != 0 {
		t.Errorf("the clock goes on for %d viewers", len(s.viewers))
	}
	s.take(live.Probe{})
	if len(s.pending) != 0 {
		t.Error("a probe is kept for nobody")
	}
}
