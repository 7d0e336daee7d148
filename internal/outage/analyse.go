package outage

import (
	"fmt"
	"strings"
	"time"

	"halab/internal/agentapi"
)

// How late the prober itself may have been. A stall hides what happens in it:
// the probes due meanwhile are sent at its end. So it must not fall on the
// moments that an outage is read from. Soon after the fault it may be as long as
// the longest outage that was seen, since it can hide none that is longer; and
// nowhere may it be long. The outage's own length matters at its edges, too:
// 20 ms don't spoil 3 s.
const (
	lagAtEdges   = int64(5 * time.Millisecond)
	lagShare     = 0.02 // of the longest outage, where that is more
	lagElsewhere = int64(100 * time.Millisecond)

	edgeBefore = int64(10 * time.Millisecond)  // looked at before an edge of an outage
	edgeAfter  = int64(10 * time.Millisecond)  // and after it
	faultAhead = int64(50 * time.Millisecond)  // before the fault: its moment may be off
	faultAfter = int64(300 * time.Millisecond) // after the fault: an outage could hide there
)

// Analyse turns one phase of a recording into figures. The phases of a run
// share no sample: a probe belongs to the phase in which it was due. A phase
// that is no measurement has Valid false and says why; its figures are what
// could be had.
func Analyse(rec *Recording, phase Phase) Analysis {
	v, problem := look(rec, phase)
	if problem == "" {
		v.fault = v.faultMoment()
		v.at = v.fault
		if phase == PhaseFailback {
			v.at = v.mendMoment()
		}
	}
	a := Analysis{
		Phase: phase, At: v.at.at, AtSource: v.at.source, UncertainMs: Ms(v.at.uncertain),
		Streams: []Stream{}, Anatomy: []Step{}, Invariants: []Invariant{}, Holders: []Tenure{}, Masters: []Tenure{},
	}
	if problem != "" {
		a.Invalid = problem
		return a
	}
	a.FromMs, a.ToMs = v.ms(v.from), v.ms(v.to)
	for _, spec := range rec.Streams {
		a.Streams = append(a.Streams, v.stream(spec))
	}
	a.Held = v.connections()
	a.Anatomy = v.anatomy()
	a.Invariants = v.invariants()
	a.Holders, a.Masters = v.tenures(v.holding), v.tenures(v.claiming)
	a.Elections, _ = v.elections()
	a.Invalid = v.invalid(a.Streams)
	a.Valid = a.Invalid == ""
	return a
}

// invalid says why the phase is no measurement, or "".
func (v *view) invalid(streams []Stream) string {
	if len(v.rec.Streams) == 0 {
		return "no stream of probes was recorded"
	}
	for i, spec := range v.rec.Streams {
		samples := v.within(spec.Name)
		if len(samples) == 0 {
			return fmt.Sprintf("the %s stream has no probe in this phase", spec.Name)
		}
		if n := v.dropped(spec.Name); n > 0 {
			return fmt.Sprintf("the prober fell behind: %d probes of the %s stream were never sent", n, spec.Name)
		}
		if n := missing(samples, spec); n > 0 {
			return fmt.Sprintf("%d probes of the %s stream left no sample", n, spec.Name)
		}
		if v.phase == PhaseFault {
			for _, s := range samples {
				if !s.OK() && s.Done < v.mark {
					return fmt.Sprintf("the %s stream failed before the fault (%s): no steady state", spec.Name, s.Error)
				}
			}
		}
		if text := v.late(samples, spec, streams[i]); text != "" {
			return text
		}
	}
	return ""
}

// dropped sums what the prober admits to not have sent in the phase.
func (v *view) dropped(stream string) int64 {
	var n int64
	for _, l := range v.rec.Lag {
		if l.Stream == stream && l.SinceMono >= v.from && l.SinceMono < v.to {
			n += l.Dropped
		}
	}
	return n
}

// missing counts the probes of which no sample came, by the holes between the
// due times of those that did.
func missing(samples []agentapi.Sample, spec agentapi.StreamSpec) int64 {
	if spec.Rate <= 0 {
		return 0
	}
	interval := 1e9 / spec.Rate
	var n int64
	for i := 1; i < len(samples); i++ {
		n += max(0, int64(float64(samples[i].Due-samples[i-1].Due)/interval+0.5)-1)
	}
	return n
}

// late says whether the prober was late where it matters.
func (v *view) late(samples []agentapi.Sample, spec agentapi.StreamSpec, s Stream) string {
	allowed := max(lagAtEdges, int64(floor(spec)*1e6), int64(lagShare*s.OutageLongestMs*1e6))
	near, edges := stretches{}, stretches{}
	if v.phase != PhaseSoak {
		near = stretches{{v.at.at - faultAhead, v.at.at + faultAfter}}
	}
	for _, span := range s.Spans {
		for _, edge := range []float64{span.FromMs, span.ToMs} {
			at := v.at.at + int64(edge*1e6)
			edges = edges.or(stretches{{at - edgeBefore, at + edgeAfter}})
		}
	}
	for _, p := range samples {
		moment := stretches{{p.Due, p.Due + 1}}
		lag, limit := p.Sent-p.Due, max(lagElsewhere, allowed)
		if len(near.and(moment)) > 0 {
			limit = max(allowed, int64(s.OutageLongestMs*1e6))
		}
		if len(edges.and(moment)) > 0 {
			limit = allowed
		}
		if lag > limit {
			return strings.TrimSpace(fmt.Sprintf(
				"the prober fell behind: a probe of the %s stream was sent %.1f ms late, %.0f ms after the fault, where %.1f ms are allowed",
				spec.Name, Ms(lag), v.ms(p.Due), Ms(limit)))
		}
	}
	return ""
}
