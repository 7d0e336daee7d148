package outage

import (
	"slices"

	"halab/internal/agentapi"
)

// Proof is what a drill says of a finding's prediction.
type Proof string

// The proofs.
const (
	ProofConfirmed    Proof = "confirmed"
	ProofContradicted Proof = "contradicted"
	ProofUnpredicted  Proof = "not predicted" // it was drilled, and the outage has no prediction
	ProofUndrilled    Proof = "not drilled"   // no run of its drill is a measurement
)

// Finding is what lint says of the files that were drilled, beside what a drill
// showed of it.
type Finding struct {
	Severity string `json:"severity"` // error, warning or info
	Rule     string `json:"rule"`
	At       string `json:"at"` // node/file:line:column
	What     string `json:"what"`
	Sees     string `json:"sees"`            // what a client will see
	Drill    string `json:"drill,omitempty"` // name of the scenario that proves it
	Proof    Proof  `json:"proof"`
	// Predicted and Measured are of the outage at the edge.
	Predicted *Prediction `json:"predicted,omitempty"`
	Measured  *Summary    `json:"measured,omitempty"`
	// StayedMs is for how long, in the shortest of the runs, an outage was watched that
	// nothing ended; 0 where it ended in any of them.
	StayedMs float64 `json:"stayed_ms,omitempty"`
	// Moved says that the VIP had an election meanwhile, and that it helped nobody.
	Moved bool `json:"moved,omitempty"`
}

// Prove sets findings beside what their drills measured. Nothing is taken for proved
// that was not measured: a drill that was left out leaves its findings as they are.
func Prove(findings []Finding, scenarios []ScenarioResult) []Finding {
	var out []Finding
	for _, f := range findings {
		f.Proof = ProofUndrilled
		at := slices.IndexFunc(scenarios, func(s ScenarioResult) bool { return s.Name == f.Drill })
		if at >= 0 && slices.ContainsFunc(scenarios[at].Runs, Run.Valid) {
			f.prove(scenarios[at])
		}
		out = append(out, f)
	}
	return out
}

// edgeOutage is the metric that findings are about.
const edgeOutage = agentapi.StreamEdge + ".outage"

func (f *Finding) prove(s ScenarioResult) {
	f.Proof = ProofUnpredicted
	if at := slices.IndexFunc(s.Predictions, func(p Prediction) bool { return p.Metric == edgeOutage }); at >= 0 {
		f.Proof, f.Predicted = ProofConfirmed, &s.Predictions[at]
	}
	if at := slices.IndexFunc(s.Summary, func(m Summary) bool { return m.Metric == edgeOutage }); at >= 0 {
		f.Measured = &s.Summary[at]
	}
	if f.Predicted != nil && slices.ContainsFunc(s.Flags, func(g Flag) bool { return g.Metric == edgeOutage }) {
		f.Proof = ProofContradicted
	}
	f.StayedMs, f.Moved = stayed(s, f.Predicted != nil && f.Predicted.Never)
}

// stayed is for how long an outage was watched that nothing but the mending ended, and
// whether the VIP moved in it. One that ended just before its phase did may have been
// ended by the mending, which only a prediction of "never" makes likely.
func stayed(s ScenarioResult, never bool) (ms float64, moved bool) {
	for _, r := range s.Runs {
		if !r.Valid() {
			continue
		}
		a, _ := r.Phase(PhaseFault)
		if !r.open() || !never && !a.unended() {
			return 0, false
		}
		if ms == 0 || a.ToMs < ms {
			ms = a.ToMs
		}
		moved = moved || a.Elections > 0
	}
	return ms, moved
}

// unended says whether an outage outlasted the phase.
func (a Analysis) unended() bool {
	return slices.ContainsFunc(a.Streams, func(s Stream) bool {
		return slices.ContainsFunc(s.Spans, func(p Span) bool { return p.Open })
	})
}
