package probe

import (
	"context"
	"fmt"
	"time"

	"halab/internal/agentapi"
)

// stream is one open-loop stream of probes.
type stream struct {
	spec    agentapi.StreamSpec
	pace    pacer
	target  target
	timeout int64 // ns, from due

	start   int64 // ns; probe n is due at start + pace.due(n)
	number  uint64
	flights []*flight // in order of due
	held    *conn     // held streams: the connection, or nil

	maxLag  int64 // largest sent − due since the last report
	dropped int64
}

// newStream checks a stream's specification and looks its host up.
func newStream(ctx context.Context, spec agentapi.StreamSpec) (*stream, error) {
	fail := func(err error) (*stream, error) {
		return nil, fmt.Errorf("stream %q: %w", spec.Name, err)
	}
	pace, err := newPacer(spec.Rate)
	if err != nil {
		return fail(err)
	}
	if spec.TimeoutMs <= 0 {
		return fail(fmt.Errorf("timeout_ms is %d, but a probe must be given up some time: give it some milliseconds", spec.TimeoutMs))
	}
	if spec.MaxInFlight <= 0 {
		return fail(fmt.Errorf("max_in_flight is %d, so no probe could be sent", spec.MaxInFlight))
	}
	target, err := newTarget(ctx, spec)
	if err != nil {
		return fail(err)
	}
	if spec.Held {
		// Only one probe at a time is on the held connection; the others wait for
		// it and cost nothing, so all that fall due within a timeout may.
		spec.MaxInFlight = max(spec.MaxInFlight, int(spec.Rate*float64(spec.TimeoutMs)/1000)+2)
	}
	return &stream{
		spec: spec, pace: pace, target: target,
		timeout: int64(spec.TimeoutMs) * int64(time.Millisecond),
	}, nil
}

// dueAt is when probe n is due on the monotonic clock.
func (s *stream) dueAt(n uint64) int64 { return s.start + int64(s.pace.due(n)) }

// forget takes a flight out of those under way.
func (s *stream) forget(f *flight) {
	for i, other := range s.flights {
		if other == f {
			s.flights = append(s.flights[:i], s.flights[i+1:]...)
			return
		}
	}
}

// waiting is the first flight that has no connection yet, or nil.
func (s *stream) waiting() *flight {
	for _, f := range s.flights {
		if f.conn == nil {
			return f
		}
	}
	return nil
}

// late says why a probe that is given up has no answer.
func (s *stream) late(c *conn) string {
	if s.spec.FirstByte && c != nil && c.up {
		return "silent"
	}
	return "timeout"
}

// read takes from a page what it tells: whether it is what was asked for, and whose it
// is.
func (s *stream) read(r reply, sample *agentapi.Sample) {
	if s.target.scheme != "http" {
		return
	}
	if r.status != 200 && !s.spec.AnyStatus {
		sample.Error = "status"
		return
	}
	w, known := parseWho(r.body)
	sample.Node, sample.Backend = w.Frontend, w.Backend
	if s.spec.Name == agentapi.StreamStack && (!known || sample.Backend == "") {
		sample.Error = "body"
	}
}
