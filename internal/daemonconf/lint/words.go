package lint

import (
	"fmt"

	"halab/internal/daemonconf/forecast"
)

// Words is a row's outcome as a reader wants it: "29.6–33.6 s".
func Words(r forecast.Row) string {
	switch r.Outcome {
	case forecast.Moves:
		return spanWords(r.MinMs, r.MaxMs)
	case forecast.Stays:
		return "nothing is lost"
	case forecast.Never:
		if r.AtRest {
			return "nothing answers, even now"
		}
		return "never: until it is mended"
	case forecast.Nobody:
		return "nobody holds it"
	case forecast.Two:
		if r.MaxMs > 0 {
			return "two holders, after " + spanWords(r.MinMs, r.MaxMs)
		}
		return "two holders"
	case forecast.Endless:
		return "it never stays anywhere"
	case forecast.Part:
		return "a part fails for " + spanWords(r.MinMs, r.MaxMs)
	}
	return "not known"
}

// HeldWords is what becomes of open connections: "reset at 2.6–3.6 s".
func HeldWords(r forecast.Row) string {
	if r.HeldMaxMs == 0 {
		return string(r.Held)
	}
	return "reset at " + spanWords(r.HeldMinMs, r.HeldMaxMs)
}

// spanWords writes a span with the unit that suits it.
func spanWords(low, high float64) string {
	unit, by, digits := "s", 1000.0, 1
	if high < 1000 {
		unit, by, digits = "ms", 1, 0
	}
	a, b := fmt.Sprintf("%.*f", digits, low/by), fmt.Sprintf("%.*f", digits, high/by)
	if a == b {
		return a + " " + unit
	}
	return a + "–" + b + " " + unit
}
