package outage

import (
	"strings"
	"testing"

	"halab/internal/agentapi"
)

func TestStrict(t *testing.T) {
	good := heldRuns(Held{Fate: FateRST, AfterMs: 50})
	good.Name = "a"
	good.Runs[0].Phases[0].Streams = []Stream{{Name: "edge", FloorMs: 2, OutageLongestMs: 4}}
	good.Predictions = []Prediction{{Metric: "edge.outage", MaxMs: 5}}
	good.HeldPredicted = []HeldForecast{{Phase: PhaseFault, Connection: agentapi.HeldBusy, Fates: []Fate{FateRST}, MaxMs: 305}}
	judge := func(s ScenarioResult) BudgetVerdict {
		s.Flags = append(Flags(s, s.Predictions), HeldFlags(s, s.HeldPredicted)...)
		return Strict([]ScenarioResult{s})
	}
	if v := judge(good); !v.Held || len(v.Checks) != 2 {
		t.Errorf("what is as predicted: %+v", v)
	}
	late, hangs, invalid := good, heldRuns(Held{Fate: FateHang, AfterMs: 900}), heldRuns(Held{Fate: FateRST, AfterMs: 50})
	late.Predictions = []Prediction{{Metric: "edge.outage", MaxMs: 1}}
	hangs.HeldPredicted, invalid.HeldPredicted = good.HeldPredicted, good.HeldPredicted
	invalid.Runs[0].Phases[0].Valid = false
	for want, s := range map[string]ScenarioResult{
		"edge.outage is 4 ms, predicted 0 to 1": late, "hang > 900 ms, predicted RST": hangs, "no run is a measurement": invalid,
	} {
		v := judge(s)
		said := ""
		for _, c := range v.Checks {
			if !c.Held {
				said += c.Text
			}
		}
		if v.Held || !strings.Contains(said, want) {
			t.Errorf("%q is not said: %+v", want, v)
		}
	}
	broken := good
	broken.Flags = []Flag{{Metric: InvTwoHolders}}
	if v := Strict([]ScenarioResult{broken}); !v.Held {
		t.Errorf("an invariant is no prediction: %+v", v)
	}
	both := BudgetVerdict{Budget: "edge.failed==0", Held: true, Checks: []BudgetCheck{{Held: true}}}.And(judge(late))
	if both.Held || len(both.Checks) != 3 || both.Budget != "edge.failed==0,"+StrictBudget {
		t.Errorf("both verdicts: %+v", both)
	}
}
