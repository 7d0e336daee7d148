package report

import (
	"slices"
	"sort"

	"halab/internal/agentapi"
	"halab/internal/outage"
)

// row is one line of the table that every report shows: one stream of one
// phase of a scenario, over its valid runs.
type row struct {
	Phase     outage.Phase
	Stream    string
	Metric    string
	Summary   outage.Summary // N is 0 where there was nothing to sum up
	Failed    int            // probes that failed, all valid runs together
	Slowest   float64        // worst latency of an answered probe, ms
	Predicted *outage.Prediction
	// Unpredicted: a prediction belongs there, and there is none.
	Unpredicted bool
	Flagged     bool // outside its prediction
	Other       bool // not an outage, but a figure that has a prediction
}

// Label names the row within its scenario.
func (r row) Label() string {
	switch {
	case r.Other:
		return plain(r.Metric)
	case r.Phase == outage.PhaseFault:
		return plain(r.Stream)
	}
	return plain(string(r.Phase) + " " + r.Stream)
}

// Verdict is one word for the flag column.
func (r row) Verdict() string {
	switch {
	case r.Flagged:
		return "OUT"
	case r.Predicted != nil && r.Summary.N > 0:
		return "ok"
	}
	return ""
}

// Range is the predicted range, or nothing.
func (r row) Range() string {
	switch {
	case r.Predicted == nil && r.Unpredicted:
		return "none"
	case r.Predicted == nil:
		return ""
	case r.Predicted.Never:
		return "no end"
	}
	return spread(r.Predicted.MinMs, r.Predicted.MaxMs)
}

// outageMetric names the outage of a stream in a phase, as package outage does.
func outageMetric(p outage.Phase, stream string) string {
	name := stream + ".outage"
	if p == outage.PhaseFailback {
		return "failback." + name
	}
	return name
}

// rows lists what to show of a scenario: the edge always, another stream when
// something can be said of it.
func rows(s outage.ScenarioResult) []row {
	var out []row
	for _, p := range []outage.Phase{outage.PhaseFault, outage.PhaseFailback, outage.PhaseSoak} {
		for _, name := range streamNames(s, p) {
			r := row{Phase: p, Stream: name, Metric: outageMetric(p, name)}
			r.fill(s)
			if name == agentapi.StreamEdge || r.Summary.Max > 0 || r.Failed > 0 || r.Predicted != nil {
				out = append(out, r)
			}
		}
	}
	for _, p := range s.Predictions {
		if !slices.ContainsFunc(out, func(r row) bool { return r.Metric == p.Metric }) {
			r := row{Metric: p.Metric, Other: true}
			r.fill(s)
			out = append(out, r)
		}
	}
	return out
}

func (r *row) fill(s outage.ScenarioResult) {
	for _, m := range s.Summary {
		if m.Metric == r.Metric {
			r.Summary = m
		}
	}
	for i := range s.Predictions {
		if s.Predictions[i].Metric == r.Metric {
			r.Predicted = &s.Predictions[i]
		}
	}
	for _, f := range s.Flags {
		if f.Metric == r.Metric {
			r.Flagged = true
		}
	}
	r.Unpredicted = s.NoPrediction != "" && r.Phase == outage.PhaseFault && r.Stream == agentapi.StreamEdge
	if r.Other {
		return
	}
	for _, run := range s.Runs {
		if !run.Valid() {
			continue
		}
		if st, ok := stream(run, r.Phase, r.Stream); ok {
			r.Failed += st.Failed
			r.Slowest = max(r.Slowest, st.LatencyMaxMs)
		}
	}
}

// stream finds a stream of a phase of a run.
func stream(run outage.Run, p outage.Phase, name string) (outage.Stream, bool) {
	a, ok := run.Phase(p)
	if !ok {
		return outage.Stream{}, false
	}
	return streamOf(a, name)
}

func streamOf(a outage.Analysis, name string) (outage.Stream, bool) {
	for _, st := range a.Streams {
		if st.Name == name {
			return st, true
		}
	}
	return outage.Stream{}, false
}

// open says whether an outage outlasted the phase: its length is a lower bound.
func open(st outage.Stream) bool {
	return slices.ContainsFunc(st.Spans, func(s outage.Span) bool { return s.Open })
}

// streamNames lists the streams that any run of a phase has, edge first.
func streamNames(s outage.ScenarioResult, p outage.Phase) []string {
	seen := map[string]bool{}
	for _, run := range s.Runs {
		if a, ok := run.Phase(p); ok {
			for _, st := range a.Streams {
				seen[st.Name] = true
			}
		}
	}
	return streamOrder(seen)
}

func streamOrder(seen map[string]bool) []string {
	var names []string
	for _, n := range []string{agentapi.StreamEdge, agentapi.StreamStack, agentapi.StreamKeepalive} {
		if seen[n] {
			names = append(names, n)
			delete(seen, n)
		}
	}
	var others []string
	for n := range seen {
		others = append(others, n)
	}
	sort.Strings(others)
	return append(names, others...)
}

// validRuns counts the runs that are measurements.
func validRuns(s outage.ScenarioResult) int {
	n := 0
	for _, run := range s.Runs {
		if run.Valid() {
			n++
		}
	}
	return n
}
