package outage

import (
	"fmt"
	"math"
	"slices"
)

// Median is the middle value, or the mean of the middle two; 0 of none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(values))
	if n := len(s); n%2 == 0 {
		return exact((s[n/2-1] + s[n/2]) / 2)
	}
	return s[len(s)/2]
}

// Quantile is the value at q (0 to 1) by nearest rank: the smallest measured
// value that at least the share q of all does not exceed. So it is always a
// value that was measured; the 0.95 quantile of fewer than 20 values is their
// maximum. 0 of none.
func Quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(q * float64(len(s))))
	return s[min(max(rank, 1), len(s))-1]
}

// Mean is the arithmetic mean; 0 of none.
func Mean(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// Values are a metric's values over the runs that are measurements, in order of
// the runs, and the numbers of those runs.
func (s ScenarioResult) Values(metric string) (values []float64, numbers []int) {
	for _, r := range s.Runs {
		if !r.Valid() {
			continue
		}
		if v, ok := r.Value(metric); ok {
			values, numbers = append(values, v), append(numbers, r.Number)
		}
	}
	return values, numbers
}

// Summarise sums up every metric that at least one run has: those of the fault
// without prefix, those of the failback with theirs. Runs that are no
// measurement don't count.
func Summarise(s ScenarioResult) []Summary {
	var out []Summary
	for _, prefix := range []string{"", prefixFailback} {
		for _, name := range Metrics() {
			values, _ := s.Values(prefix + name)
			if len(values) == 0 {
				continue
			}
			out = append(out, Summary{
				Metric: prefix + name, Unit: Unit(name), N: len(values),
				Min: slices.Min(values), Median: Median(values), P95: Quantile(values, 0.95),
				Max: slices.Max(values), Mean: round(Mean(values)),
			})
		}
	}
	return out
}

func round(v float64) float64 { return math.Round(v*1e3) / 1e3 }

// exact takes off what binary fractions add: 0.1 + 0.2 is 0.3, not
// 0.30000000000000004.
func exact(v float64) float64 { return math.Round(v*1e6) / 1e6 }

// Flags lists what a reader must be told of a scenario: each measurement
// outside its prediction by more than the resolution of its stream, and each
// invariant that broke unexpectedly, or did not break where that is the lesson.
func Flags(s ScenarioResult, predictions []Prediction) []Flag {
	var out []Flag
	for _, r := range s.Runs {
		if !r.Valid() {
			continue
		}
		for _, p := range predictions {
			v, ok := r.Value(p.Metric)
			floor := r.floor()
			if !ok || p.Never && r.open() || !p.Never && p.has(v, floor) {
				continue
			}
			if p.Never {
				out = append(out, Flag{Run: r.Number, Metric: p.Metric, Measured: v, Text: fmt.Sprintf(
					"run %d: %s ended after %g %s, but nothing should have ended it", r.Number, p.Metric, v, Unit(p.Metric))})
				continue
			}
			out = append(out, Flag{
				Run: r.Number, Metric: p.Metric, Measured: v, MinMs: p.MinMs, MaxMs: p.MaxMs,
				Text: fmt.Sprintf("run %d: %s is %g %s, predicted %g to %g", r.Number, p.Metric, v, Unit(p.Metric), p.MinMs, p.MaxMs),
			})
		}
		for _, a := range r.Phases {
			for _, i := range a.Invariants {
				if i.Remarkable() {
					out = append(out, surprise(r, a, i))
				}
			}
		}
	}
	return out
}

// has says whether a measurement lies in the predicted range, give or take the
// floor. Compared is what is told: 998 ms is not below 1000 − 2 because its sum
// came to 997.9999999999998.
func (p Prediction) has(v, floor float64) bool {
	return exact(v) >= exact(p.MinMs-floor) && exact(v) <= exact(p.MaxMs+floor)
}

func surprise(r Run, a Analysis, i Invariant) Flag {
	f := Flag{Run: r.Number, Phase: a.Phase, Metric: i.Name, Measured: i.Ms}
	switch {
	case !i.Broken():
		f.Text = fmt.Sprintf("run %d, %s: %s was expected and did not happen", r.Number, a.Phase, i.Name)
	case i.Name == InvFlapping:
		f.Measured = float64(i.Count)
		f.Text = fmt.Sprintf("run %d, %s: %d elections more than the fault explains", r.Number, a.Phase, i.Count)
	default:
		f.Text = fmt.Sprintf("run %d, %s: %s for %g ms", r.Number, a.Phase, i.Name, i.Ms)
	}
	return f
}

// mended is how long before the end of the fault's phase an outage may end that
// nothing but the mending ended: a probe due just before it waits for it.
const mended = 1000.0

// open says whether an outage of the run's fault lasted until it was mended.
func (r Run) open() bool {
	for _, a := range only(r, PhaseFault) {
		for _, s := range a.Streams {
			for _, span := range s.Spans {
				if span.Open || span.ToMs > a.ToMs-mended {
					return true
				}
			}
		}
	}
	return false
}

// floor is the resolution of the run's finest stream.
func (r Run) floor() float64 {
	floor := 0.0
	for _, a := range r.Phases {
		for _, s := range a.Streams {
			if s.FloorMs > 0 && (floor == 0 || s.FloorMs < floor) {
				floor = s.FloorMs
			}
		}
	}
	return floor
}
