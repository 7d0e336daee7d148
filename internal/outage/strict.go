package outage

import (
	"cmp"
	"fmt"
	"slices"
)

// StrictBudget is what the verdict of Strict names as its budget.
const StrictBudget = "what the files predict"

// Strict holds every measurement against its prediction, as if that were a budget: a
// forecast that a drill contradicts is a mistake in the one or the other. Invariants
// that broke are none of its business, nor is what has no prediction.
func Strict(scenarios []ScenarioResult) BudgetVerdict {
	v := BudgetVerdict{Budget: StrictBudget, Held: true, Checks: []BudgetCheck{}}
	for _, s := range scenarios {
		for _, p := range s.Predictions {
			c := BudgetCheck{Condition: p.Metric + " as predicted", Unit: Unit(p.Metric), Limit: p.MaxMs}
			values, _ := s.Values(p.Metric)
			if len(values) > 0 {
				c.Measured = slices.Max(values)
			}
			v.add(s, c, func(f Flag) bool { return f.Metric == p.Metric })
		}
		for _, p := range s.HeldPredicted {
			c := BudgetCheck{Condition: string(p.Phase) + "." + HeldMetric(p.Connection) + " as predicted", Unit: UnitMs, Limit: p.MaxMs}
			for _, h := range s.held(p.Phase, p.Connection) {
				c.Measured = max(c.Measured, h.AfterMs)
			}
			v.add(s, c, func(f Flag) bool { return f.Metric == HeldMetric(p.Connection) && f.Phase == p.Phase })
		}
	}
	return v
}

// HeldMetric names a held connection in flags, beside their phase.
func HeldMetric(connection string) string { return "held." + connection }

// add judges a check by the flags of its scenario.
func (v *BudgetVerdict) add(s ScenarioResult, c BudgetCheck, is func(Flag) bool) {
	c.Scenario = s.Name
	measured := slices.ContainsFunc(s.Runs, Run.Valid)
	at := slices.IndexFunc(s.Flags, is)
	switch {
	case !measured:
		c.Text = fmt.Sprintf("%s: %s: no run is a measurement", s.Name, c.Condition)
	case at < 0:
		c.Held, c.Text = true, fmt.Sprintf("%s: %s", s.Name, c.Condition)
	default:
		f := s.Flags[at]
		c.Measured, c.Run, c.Limit = f.Measured, f.Run, cmp.Or(f.MaxMs, c.Limit)
		c.By = round(max(f.Measured-f.MaxMs, f.MinMs-f.Measured, 0))
		c.Text = fmt.Sprintf("%s, %s", s.Name, f.Text)
	}
	v.Checks = append(v.Checks, c)
	v.Held = v.Held && c.Held
}

// And is both verdicts as one.
func (v BudgetVerdict) And(w BudgetVerdict) BudgetVerdict {
	return BudgetVerdict{Budget: v.Budget + "," + w.Budget, Held: v.Held && w.Held, Checks: slices.Concat(v.Checks, w.Checks)}
}
