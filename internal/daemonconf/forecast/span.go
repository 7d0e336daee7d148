package forecast

import (
	"fmt"
	"math"
)

// span is a stretch of time in milliseconds with its arithmetic.
type span struct {
	low, mean, high float64
	formula         string
}

func exactly(ms float64, formula string) span {
	return span{low: ms, mean: ms, high: ms, formula: formula}
}

// between is a stretch that is anywhere from low to high, with the same chance.
func between(low, high float64, formula string) span {
	return span{low: low, mean: (low + high) / 2, high: high, formula: formula}
}

func (a span) plus(b span) span {
	s := span{low: a.low + b.low, mean: a.mean + b.mean, high: a.high + b.high, formula: a.formula}
	switch {
	case s.formula == "":
		s.formula = b.formula
	case b.formula != "":
		s.formula += " + " + b.formula
	}
	return s
}

// row is what it costs that the VIP is away for the span.
func (a span) row(held Fate) Row {
	r := Row{Outcome: Moves, MinMs: round(a.low), MeanMs: round(a.mean), MaxMs: round(a.high), Formula: a.formula}
	return r.holds(held)
}

// holds says what becomes of open connections. Where the VIP moves, those that were
// left hanging are reset by the new holder as soon as their client sends.
func (r Row) holds(held Fate) Row {
	r.Held = held
	switch {
	case held == HeldHang && r.Outcome == Moves:
		r.Held = HeldSilent
	case held == HeldSilent && r.Outcome != Moves, held == HeldMoved && r.Outcome == Nobody:
		r.Held = HeldHang // an address that nobody has resets nothing
	}
	if r.Held == HeldSilent || r.Held == HeldMoved {
		r.HeldMinMs, r.HeldMaxMs = r.MinMs, r.MaxMs
	}
	return r
}

func round(ms float64) float64 { return math.Round(ms*1e3) / 1e3 }

// lingered takes off what the old node goes on answering: a node of a lab keeps the
// address for a while after it gave it up, and clients send there until the new
// master announces itself.
func (a span) lingered(m Member, ms float64) span {
	if !m.Agent.Lingers {
		return a
	}
	return span{
		low: max(0, a.low-ms), mean: max(0, a.mean-ms), high: max(0, a.high-ms),
		formula: fmt.Sprintf("%s, of which the old node, whose process 1 keeps the VIP, answers through the first %g", a.formula, ms),
	}
}
