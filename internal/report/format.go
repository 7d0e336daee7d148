package report

import (
	"math"
	"strconv"
	"strings"

	"halab/internal/outage"
	"halab/internal/ui"
)

// number writes milliseconds or a count as short as the eye wants it: one
// decimal below 100, none above.
func number(v float64) string {
	decimals := 0
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case math.Abs(v) < 0.05:
		return "0"
	case math.Abs(v) < 99.95:
		decimals = 1
	}
	return strings.Replace(strconv.FormatFloat(v, 'f', decimals, 64), "-", "−", 1)
}

// withUnit writes a measured value with its unit; a count is a whole number.
func withUnit(v float64, unit string) string {
	if unit == outage.UnitCount || unit == "" {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	if s := number(v); s != "0" || v == 0 {
		return s + " " + unit
	}
	return strconv.FormatFloat(v, 'g', 2, 64) + " " + unit // a budget may be missed by little
}

// spread writes a range of milliseconds.
func spread(lo, hi float64) string {
	a, b := number(lo), number(hi)
	if a == b {
		return a
	}
	return a + "–" + b
}

// plain is text from outside, harmless as ui.Clean makes it. What has several lines,
// as an error may have, becomes one: a row of a table has no second.
func plain(s string) string {
	return ui.Clean(strings.NewReplacer("\n", " ", "\r", " ", "\t", " ").Replace(s))
}

func padLeft(s string, n int) string {
	return strings.Repeat(" ", max(0, n-ui.Width(s))) + s
}

// plural writes a count with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// stepTitle is a step of the anatomy in words; what a failback begins with is
// no fault.
func stepTitle(phase outage.Phase, n outage.StepName) string {
	switch n {
	case outage.StepFault:
		return zeroName(phase)
	case outage.StepLastServed:
		return "last byte served"
	case outage.StepLastAdvert:
		return "last advert of old master"
	case outage.StepDetected:
		return "detected"
	case outage.StepElected:
		return "new master elected"
	case outage.StepVIP:
		return "VIP on the interface"
	case outage.StepGARP:
		return "first gratuitous ARP"
	case outage.StepServed:
		return "first probe served"
	}
	return plain(string(n))
}

// invariantTitle is an invariant in words.
func invariantTitle(name string) string {
	switch name {
	case outage.InvTwoHolders:
		return "two interfaces held the VIP"
	case outage.InvTwoMasters:
		return "two nodes sent adverts for the VIP"
	case outage.InvNoHolder:
		return "no live interface held the VIP"
	case outage.InvHolderWithoutHAProxy:
		return "the VIP's holder had no HAProxy that answered"
	case outage.InvStaleVIP:
		return "the VIP stayed on a node without keepalived"
	case outage.InvFlapping:
		return "more elections than the fault explains"
	}
	return plain(name)
}

// phaseTitle is a phase in a table: nothing for the fault itself.
func phaseTitle(p outage.Phase) string {
	if p == outage.PhaseFault {
		return "fault"
	}
	return plain(string(p))
}
