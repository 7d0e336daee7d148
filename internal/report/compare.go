package report

import (
	"fmt"
	"math"
	"slices"

	"golang.org/x/perf/benchmath"

	"halab/internal/outage"
)

// Confidence is the level of every interval in a Comparison.
const Confidence = 0.95

// Alpha is the level below which a difference counts as real.
const Alpha = 0.05

// Comparison sets two results side by side: the difference that one thing
// (a profile, a Compose file, a base) makes.
type Comparison struct {
	Schema int             `json:"schema"`
	A      ComparedResult  `json:"a"`
	B      ComparedResult  `json:"b"`
	Rows   []ComparisonRow `json:"rows"`
	OnlyA  []string        `json:"only_a,omitempty"` // scenarios that B has not
	OnlyB  []string        `json:"only_b,omitempty"`
}

// ComparedResult names one side.
type ComparedResult struct {
	Name    string  `json:"name"`
	Base    string  `json:"base"`
	Profile string  `json:"profile"`
	FloorMs float64 `json:"floor_ms"`
}

// ComparisonRow is one metric of one scenario on both sides.
type ComparisonRow struct {
	Scenario string   `json:"scenario"`
	Metric   string   `json:"metric"`
	Unit     string   `json:"unit"`
	A        Estimate `json:"a"`
	B        Estimate `json:"b"`
	// Ratio is A's median over B's; absent when B's is 0. Where B is below what
	// can be measured, the floor stands in for it and AtLeast is set.
	Ratio   *float64 `json:"ratio,omitempty"`
	AtLeast bool     `json:"at_least,omitempty"`
	// RatioLo and RatioHi bound the ratio: A's bounds over B's opposite ones.
	// That is wider than need be, never narrower.
	RatioLo *float64 `json:"ratio_lo,omitempty"`
	RatioHi *float64 `json:"ratio_hi,omitempty"`
	// P is the probability of a difference like this by chance (Mann-Whitney
	// U test); Different says that it is below Alpha.
	P         float64  `json:"p"`
	Different bool     `json:"different"`
	Warnings  []string `json:"warnings,omitempty"`
}

// Estimate is a median with its interval of confidence. The bounds are absent
// when there are too few runs to give any.
type Estimate struct {
	N      int      `json:"n"`
	Median float64  `json:"median"`
	Lo     *float64 `json:"lo,omitempty"`
	Hi     *float64 `json:"hi,omitempty"`
}

// Compare sets result a beside result b, scenario by scenario, over the runs
// that are measurements. The statistics are those of benchstat: medians with
// order-statistic intervals and the Mann-Whitney U test, which assume nothing
// about how outages are distributed.
func Compare(nameA string, a *outage.Result, nameB string, b *outage.Result) Comparison {
	c := Comparison{
		Schema: outage.Schema,
		A:      ComparedResult{nameA, a.Base, a.Profile, a.FloorMs},
		B:      ComparedResult{nameB, b.Base, b.Profile, b.FloorMs},
	}
	floor := max(a.FloorMs, b.FloorMs)
	for _, sa := range a.Scenarios {
		sb, ok := scenario(b, sa.Name)
		if !ok {
			c.OnlyA = append(c.OnlyA, sa.Name)
			continue
		}
		for _, m := range compared(sa, sb) {
			c.Rows = append(c.Rows, compareMetric(m, sa, sb, floor))
		}
	}
	for _, sb := range b.Scenarios {
		if _, ok := scenario(a, sb.Name); !ok {
			c.OnlyB = append(c.OnlyB, sb.Name)
		}
	}
	return c
}

func scenario(r *outage.Result, name string) (outage.ScenarioResult, bool) {
	for _, s := range r.Scenarios {
		if s.Name == name {
			return s, true
		}
	}
	return outage.ScenarioResult{}, false
}

func compareMetric(metric string, sa, sb outage.ScenarioResult, floor float64) ComparisonRow {
	row := ComparisonRow{Scenario: sa.Name, Metric: metric, Unit: outage.Unit(metric)}
	thresholds := benchmath.DefaultThresholds
	thresholds.CompareAlpha = Alpha
	valuesA, _ := sa.Values(metric)
	valuesB, _ := sb.Values(metric)
	a := benchmath.NewSample(valuesA, &thresholds) // sorts them
	b := benchmath.NewSample(valuesB, &thresholds)
	row.A, row.Warnings = estimate(a, "A", row.Warnings)
	row.B, row.Warnings = estimate(b, "B", row.Warnings)
	if len(a.Values) == 0 || len(b.Values) == 0 {
		row.P = 1
		return row
	}
	if slices.Compare(a.Values, b.Values) == 0 {
		row.P = 1 // the test refuses samples that are all one value
	} else {
		cmp := benchmath.AssumeNothing.Compare(a, b)
		row.P, row.Different = cmp.P, cmp.P < Alpha
		for _, w := range cmp.Warnings {
			row.Warnings = append(row.Warnings, w.Error())
		}
	}
	row.ratio(floor)
	return row
}

func estimate(s *benchmath.Sample, side string, warnings []string) (Estimate, []string) {
	e := Estimate{N: len(s.Values)}
	if e.N == 0 {
		return e, append(warnings, side+" has no run that is a measurement")
	}
	sum := benchmath.AssumeNothing.Summary(s, Confidence)
	e.Median = sum.Center
	if !math.IsInf(sum.Lo, 0) && !math.IsInf(sum.Hi, 0) {
		e.Lo, e.Hi = &sum.Lo, &sum.Hi
	}
	for _, w := range sum.Warnings {
		warnings = append(warnings, fmt.Sprintf("%s: %v", side, w))
	}
	return e, warnings
}

// ratio sets how many times A is B. An outage that is shorter than the floor is
// taken for the floor: what was not measured is not boasted of.
func (r *ComparisonRow) ratio(floor float64) {
	under := func(v float64) float64 {
		if r.Unit == outage.UnitMs && v < floor {
			return floor
		}
		return v
	}
	divisor := under(r.B.Median)
	if divisor == 0 {
		return
	}
	r.AtLeast = divisor > r.B.Median
	if r.AtLeast && r.A.Median <= floor {
		r.AtLeast = false
		return // both are below what can be seen
	}
	q := r.A.Median / divisor
	r.Ratio = &q
	if r.A.Lo == nil || r.B.Lo == nil || under(*r.B.Lo) == 0 {
		return
	}
	lo, hi := *r.A.Lo/under(*r.B.Hi), *r.A.Hi/under(*r.B.Lo)
	r.RatioLo, r.RatioHi = &lo, &hi
}
