package outage

import "testing"

// lost is a run with an outage from 0 to ms, in a phase that was watched for 60 s.
func lost(ms float64, elections int) Run {
	span := Span{ToMs: ms, Open: ms >= 60000}
	return Run{Number: 1, Phases: []Analysis{{Phase: PhaseFault, Valid: true, ToMs: 60000, Elections: elections,
		Streams: []Stream{{Name: "edge", FloorMs: 10, OutageLongestMs: ms, Spans: []Span{span}}}}}}
}

func TestProve(t *testing.T) {
	t.Parallel()
	never := Prediction{Metric: "edge.outage", Never: true}
	moves := Prediction{Metric: "edge.outage", MinMs: 29600, MaxMs: 33600}
	invalid := lost(31200, 1)
	invalid.Phases[0].Valid = false
	for name, c := range map[string]struct {
		run    Run
		of     []Prediction
		proof  Proof
		stayed float64
		moved  bool
	}{
		"never, and it stayed":        {lost(60000, 0), []Prediction{never}, ProofConfirmed, 60000, false},
		"never, and it moved":         {lost(3000, 1), []Prediction{never}, ProofContradicted, 0, false},
		"as reckoned":                 {lost(31200, 1), []Prediction{moves}, ProofConfirmed, 0, false},
		"just before the phase ended": {lost(59500, 1), []Prediction{{Metric: "edge.outage", MinMs: 58000, MaxMs: 60000}}, ProofConfirmed, 0, false},
		"too early":                   {lost(2000, 1), []Prediction{moves}, ProofContradicted, 0, false},
		"reckoned, and it stayed":     {lost(60000, 0), []Prediction{moves}, ProofContradicted, 60000, false},
		"an election helped nobody":   {lost(60000, 2), []Prediction{never}, ProofConfirmed, 60000, true},
		"nothing was predicted":       {lost(31200, 1), nil, ProofUnpredicted, 0, false},
		"no run is a measurement":     {invalid, []Prediction{moves}, ProofUndrilled, 0, false},
		"a run that never came to be": {Run{Number: 1, Error: "no engine"}, []Prediction{moves}, ProofUndrilled, 0, false},
	} {
		s := ScenarioResult{Name: "cluster/haproxy-kill", Runs: []Run{c.run}, Predictions: c.of}
		s.Summary, s.Flags = Summarise(s), Flags(s, c.of)
		got := Prove([]Finding{{Rule: "weight-too-small", Drill: s.Name}}, []ScenarioResult{{Name: "cluster/node-crash"}, s})[0]
		if got.Proof != c.proof || got.StayedMs != c.stayed || got.Moved != c.moved {
			t.Errorf("%s: %s, stayed %g, moved %v; want %s, %g, %v", name, got.Proof, got.StayedMs, got.Moved, c.proof, c.stayed, c.moved)
		}
		// --strict ends with 3 exactly where a finding is contradicted.
		if strict := Strict([]ScenarioResult{s}); strict.Held == (got.Proof == ProofContradicted) && c.run.Valid() {
			t.Errorf("%s: strict is held %v, and the finding %s", name, strict.Held, got.Proof)
		}
	}
	if got := Prove([]Finding{{Rule: "check-too-deep", Drill: "cluster/app-hang"}}, nil)[0]; got.Proof != ProofUndrilled {
		t.Errorf("without its drill: %s", got.Proof)
	}
}
