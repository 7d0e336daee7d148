package outage

import (
	"slices"
	"strings"

	"halab/internal/agentapi"
)

// Units of metrics.
const (
	UnitMs    = "ms"
	UnitCount = "count"
)

// SplitBrain is the metric for two nodes that both believed to be master: the
// larger of two_holders and two_masters.
const SplitBrain = "split_brain"

// prefixes of metric names, by phase. A metric of a stream or an anatomy
// without prefix is of the fault (or of the soak); an invariant without prefix
// is of the whole run.
const (
	prefixFault    = "fault."
	prefixFailback = "failback."
)

// streamMetrics are the figures of a stream, by the last part of the name.
func streamMetrics() []struct {
	name, unit string
	of         func(Stream) float64
} {
	return []struct {
		name, unit string
		of         func(Stream) float64
	}{
		{"outage", UnitMs, func(s Stream) float64 { return s.OutageLongestMs }},
		{"outage_sum", UnitMs, func(s Stream) float64 { return s.OutageSumMs }},
		{"failed", UnitCount, func(s Stream) float64 { return float64(s.Failed) }},
		{"retried", UnitCount, func(s Stream) float64 { return float64(s.Retried) }},
		{"sent", UnitCount, func(s Stream) float64 { return float64(s.Sent) }},
		{"latency_p50", UnitMs, func(s Stream) float64 { return s.LatencyP50Ms }},
		{"latency_p99", UnitMs, func(s Stream) float64 { return s.LatencyP99Ms }},
		{"latency_max", UnitMs, func(s Stream) float64 { return s.LatencyMaxMs }},
		{"lag", UnitMs, func(s Stream) float64 { return s.MaxLagMs }},
	}
}

func invariantNames() []string {
	return []string{
		InvTwoHolders, InvTwoMasters, InvNoHolder, InvHolderWithoutHAProxy, InvStaleVIP, InvFlapping, SplitBrain,
	}
}

// Metrics lists the names of all metrics without a prefix for the phase:
// STREAM.FIGURE, anatomy.STEP, elections, and the invariants.
func Metrics() []string {
	var names []string
	for _, stream := range []string{agentapi.StreamEdge, agentapi.StreamStack, agentapi.StreamKeepalive} {
		for _, m := range streamMetrics() {
			names = append(names, stream+"."+m.name)
		}
	}
	for _, s := range StepNames()[1:] {
		names = append(names, "anatomy."+string(s))
	}
	return append(append(names, "elections"), invariantNames()...)
}

// Unit is a metric's unit; metrics that are no counts are milliseconds.
func Unit(metric string) string {
	name := metric[strings.LastIndex(metric, ".")+1:]
	if name == InvFlapping || name == "elections" {
		return UnitCount
	}
	for _, m := range streamMetrics() {
		if m.name == name {
			return m.unit
		}
	}
	return UnitMs
}

// Value is a metric of a run; ok is false where the run does not have it: an
// unknown name, a phase that was not recorded, a step that did not happen.
func (r Run) Value(metric string) (value float64, ok bool) {
	name, phases := metric, r.Phases
	if bareName, found := strings.CutPrefix(metric, prefixFault); found {
		name, phases = bareName, only(r, PhaseFault, PhaseSoak)
	} else if bareName, found := strings.CutPrefix(metric, prefixFailback); found {
		name, phases = bareName, only(r, PhaseFailback)
	} else if !slices.Contains(invariantNames(), metric) {
		phases = only(r, PhaseFault, PhaseSoak)
	}
	for _, a := range phases {
		if v, found := a.value(name); found {
			value, ok = max(value, v), true
			if v < 0 && len(phases) == 1 {
				value = v
			}
		}
	}
	return value, ok
}

func only(r Run, wanted ...Phase) []Analysis {
	var out []Analysis
	for _, a := range r.Phases {
		if slices.Contains(wanted, a.Phase) {
			out = append(out, a)
		}
	}
	return out
}

func (a Analysis) value(name string) (float64, bool) {
	switch first, last, _ := strings.Cut(name, "."); {
	case name == "elections":
		return float64(a.Elections), true
	case name == SplitBrain:
		holders, _ := a.value(InvTwoHolders)
		masters, ok := a.value(InvTwoMasters)
		return max(holders, masters), ok
	case first == "anatomy":
		for _, s := range a.Anatomy {
			if string(s.Name) == last && s.Seen() {
				return s.AtMs, true
			}
		}
	case last != "":
		for _, s := range a.Streams {
			for _, m := range streamMetrics() {
				if s.Name == first && m.name == last {
					return m.of(s), true
				}
			}
		}
	default:
		for _, i := range a.Invariants {
			if i.Name == name && name == InvFlapping {
				return float64(i.Count), true
			}
			if i.Name == name {
				return i.Ms, true
			}
		}
	}
	return 0, false
}
