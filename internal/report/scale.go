package report

import (
	"math"
	"strconv"
	"strings"
)

// linear maps [lo, hi] to [from, to].
type linear struct{ lo, hi, from, to float64 }

// farthest is more milliseconds than any phase has; a file that says more is
// shown wrongly, but it is shown.
const farthest = 1e9

// timeScale makes a scale of milliseconds that has some length.
func timeScale(lo, hi, from, to float64) linear {
	lo = min(max(lo, -farthest), farthest)
	return linear{lo, max(lo+1, min(hi, farthest)), from, to}
}

func (s linear) at(v float64) float64 {
	return s.from + (v-s.lo)/(s.hi-s.lo)*(s.to-s.from)
}

// clamped is at, but never beyond the ends.
func (s linear) clamped(v float64) float64 {
	return s.at(min(max(v, s.lo), s.hi))
}

// ticks gives round values in the scale, about n of them.
func (s linear) ticks(n int) []float64 {
	step := niceStep((s.hi - s.lo) / float64(n))
	var out []float64
	first := math.Ceil(s.lo / step)
	for i := range 2 * n {
		if v := (first + float64(i)) * step; v <= s.hi {
			out = append(out, v)
		}
	}
	return out
}

// niceStep rounds up to 1, 2 or 5 times a power of ten.
func niceStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if v <= m*power*(1+1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// decades is a logarithmic scale over whole powers of ten; from is the place of
// the smallest.
type decades struct {
	lo, hi   int // exponents
	from, to float64
}

// decadesFor spans the positive ones of the values, at least one decade.
func decadesFor(values []float64, from, to float64) decades {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if v > 0 {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	if hi < lo {
		return decades{0, 1, from, to}
	}
	d := decades{int(math.Floor(math.Log10(lo))), int(math.Ceil(math.Log10(hi))), from, to}
	d.lo = max(d.lo, -2)
	d.hi = max(d.hi, d.lo+1)
	return d
}

// at clamps what lies outside to the ends.
func (d decades) at(v float64) float64 {
	l := float64(d.lo)
	if v > 0 {
		l = min(max(math.Log10(v), float64(d.lo)), float64(d.hi))
	}
	return d.from + (l-float64(d.lo))/float64(d.hi-d.lo)*(d.to-d.from)
}

func (d decades) ticks() []float64 {
	var out []float64
	for e := d.lo; e <= d.hi; e++ {
		out = append(out, math.Pow10(e))
	}
	return out
}

// tickText writes a tick in milliseconds.
func tickText(v float64) string {
	v = math.Round(v*1000) / 1000
	if v == 0 {
		return "0" // and not −0
	}
	return strings.Replace(strconv.FormatFloat(v, 'f', -1, 64), "-", "−", 1)
}
