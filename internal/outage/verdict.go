package outage

import (
	"fmt"
	"slices"
)

// Evaluate holds a budget against scenarios: every condition against every
// scenario that it is for. A condition for which no scenario was run, or no run
// is a measurement, did not hold: nothing was shown.
func (b Budget) Evaluate(scenarios []ScenarioResult) BudgetVerdict {
	verdict := BudgetVerdict{Budget: b.Text, Held: true, Checks: []BudgetCheck{}}
	for _, c := range b.Conditions {
		asked := false
		for _, s := range scenarios {
			if c.Scenario != "" && c.Scenario != s.Name && c.Scenario != string(s.Kind) {
				continue
			}
			asked = true
			if check, ok := c.check(s); ok {
				verdict.Checks = append(verdict.Checks, check)
			}
		}
		if !asked {
			verdict.Checks = append(verdict.Checks, BudgetCheck{
				Condition: c.Text, Scenario: c.Scenario, Unit: Unit(c.Metric), Limit: c.Limit,
				Text: fmt.Sprintf("%s: no such scenario was run", c.Text),
			})
		}
	}
	for _, check := range verdict.Checks {
		verdict.Held = verdict.Held && check.Held
	}
	return verdict
}

// check holds a condition against a scenario; ok is false where the scenario
// can't have the metric, as a soak has no failback and an app's fault no
// election.
func (c Condition) check(s ScenarioResult) (check BudgetCheck, ok bool) {
	check = BudgetCheck{Condition: c.Text, Scenario: s.Name, Unit: Unit(c.Metric), Limit: c.Limit}
	values, numbers := s.Values(c.Metric)
	if len(values) == 0 {
		check.Text = fmt.Sprintf("%s: %s: no run is a measurement", s.Name, c.Text)
		return check, !slices.ContainsFunc(s.Runs, Run.Valid)
	}
	worst := c.worst(values)
	check.Run = numbers[worst]
	check.Measured = values[worst]
	switch c.Statistic {
	case "min":
		check.Measured = slices.Min(values)
	case "median":
		check.Measured = Median(values)
	case "mean":
		check.Measured = round(Mean(values))
	case "p95":
		check.Measured = Quantile(values, 0.95)
	case "max":
		check.Measured = slices.Max(values)
	}
	check.Held = holds(check.Measured, c.Op, c.Limit)
	check.Text = fmt.Sprintf("%s: %s holds: %s", s.Name, c.Text, amount(check.Measured, check.Unit))
	if !check.Held {
		check.By = round(beyond(check.Measured, c.Limit))
		check.Text = fmt.Sprintf("%s: %s is broken: %s is %s, %s beyond it; run %d is the worst with %s",
			s.Name, c.Text, c.subject(), amount(check.Measured, check.Unit), amount(check.By, check.Unit),
			check.Run, amount(values[worst], check.Unit))
	}
	return check, true
}

func (c Condition) subject() string {
	if c.Statistic == "" {
		return c.Metric
	}
	return c.Metric + "." + c.Statistic
}

// worst is the index of the value that is furthest beyond the limit.
func (c Condition) worst(values []float64) int {
	worst := 0
	for i, v := range values {
		bad := v > values[worst]
		switch c.Op {
		case ">", ">=":
			bad = v < values[worst]
		case "==":
			bad = beyond(v, c.Limit) > beyond(values[worst], c.Limit)
		case "!=":
			bad = beyond(v, c.Limit) < beyond(values[worst], c.Limit)
		}
		if bad {
			worst = i
		}
	}
	return worst
}

// holds compares to the nanosecond, finer than anything is measured: an outage
// of 4.1 ms is 0.0041 s, which come to 4.1000000000000005 ms.
func holds(v float64, op string, limit float64) bool {
	v, limit = exact(v), exact(limit)
	switch op {
	case "<":
		return v < limit
	case "<=":
		return v <= limit
	case ">":
		return v > limit
	case ">=":
		return v >= limit
	case "!=":
		return v != limit
	}
	return v == limit
}

func beyond(v, limit float64) float64 { return max(v-limit, limit-v) }

func amount(v float64, unit string) string {
	if unit == UnitCount {
		return fmt.Sprintf("%g", v)
	}
	return fmt.Sprintf("%g ms", v)
}
