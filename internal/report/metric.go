package report

import (
	"slices"

	"halab/internal/agentapi"
	"halab/internal/outage"
)

// compared lists the metrics in which two scenarios are set side by side: the
// edge's outage in any case, of the rest what is not nought on both sides.
func compared(a, b outage.ScenarioResult) []string {
	var out []string
	for _, p := range []outage.Phase{outage.PhaseFault, outage.PhaseFailback} {
		if !hasPhase(a, p) && !hasPhase(b, p) {
			continue
		}
		edge := outageMetric(p, agentapi.StreamEdge)
		prefix := edge[:len(edge)-len("edge.outage")]
		for _, figure := range []string{
			"edge.outage", "edge.failed", "stack.outage", "stack.failed", "stack.latency_max",
			"keepalive.outage", "keepalive.failed",
		} {
			m := prefix + figure
			if m == edge || anything(a, m) || anything(b, m) {
				out = append(out, m)
			}
		}
	}
	return out
}

// hasPhase says whether any run has the phase; metrics without prefix are of
// the fault or, in a run without one, of the soak.
func hasPhase(s outage.ScenarioResult, p outage.Phase) bool {
	return slices.ContainsFunc(s.Runs, func(run outage.Run) bool {
		_, ok := run.Phase(p)
		_, soak := run.Phase(outage.PhaseSoak)
		return ok || soak && p == outage.PhaseFault
	})
}

func anything(s outage.ScenarioResult, metric string) bool {
	values, _ := s.Values(metric)
	return slices.ContainsFunc(values, func(v float64) bool { return v != 0 })
}
