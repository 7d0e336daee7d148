package report

import (
	"fmt"
	"strings"

	"halab/internal/outage"
	"halab/internal/ui"
)

// anatomy tells one run step by step.
func (t *textReport) anatomy(run outage.Run) {
	for _, a := range run.Phases {
		t.line("")
		t.line("  " + t.Style.Bold(fmt.Sprintf("run %d, %s", run.Number, phaseTitle(a.Phase))) +
			t.Style.Dim("  "+runHead(run, a)))
		if !a.Valid {
			t.hanging("    "+t.Style.Odd("not a measurement: "), plain(a.Invalid), 23)
		}
		for _, st := range a.Streams {
			t.line("    " + streamText(st))
		}
		for _, w := range heldWords(run, a) {
			t.hanging("    ", w, 6)
		}
		t.steps(a)
		for _, inv := range a.Invariants {
			if !inv.Broken() && !inv.Remarkable() {
				continue
			}
			paint := t.Style.Dim
			if inv.Remarkable() {
				paint = t.Style.Bad
			}
			t.hanging("    "+paint("! "), invariantText(inv), 6)
		}
	}
}

func (t *textReport) steps(a outage.Analysis) {
	previous, any := 0.0, false
	list := a.Anatomy
	why, none := missingAll(list)
	if none {
		list = list[:1]
	}
	for _, s := range list {
		t.step(a.Phase, s, previous, any)
		if s.Seen() {
			previous, any = s.AtMs, true
		}
	}
	if none {
		t.line("    " + t.Style.Dim(plain(why)))
	}
}

// missingAll says whether nothing followed on what was done, and why.
func missingAll(steps []outage.Step) (why string, none bool) {
	if len(steps) < 2 {
		return "", false
	}
	why = steps[1].Missing
	for _, s := range steps[1:] {
		if s.Seen() || s.Missing != why {
			return "", false
		}
	}
	return why, true
}

func (t *textReport) step(phase outage.Phase, s outage.Step, previous float64, any bool) {
	title := ui.Pad(stepTitle(phase, s.Name), 26)
	if !s.Seen() {
		t.hanging("    "+t.Style.Dim(title+"       –  "), plain(s.Missing), 40)
		return
	}
	delta := ""
	if any {
		delta = signed(s.AtMs - previous)
	}
	where := plain(s.Node)
	if s.Source != "" {
		where = strings.TrimSpace(where + " (" + plain(s.Source) + ")")
	}
	t.hanging("    "+title+padLeft(number(s.AtMs), 8)+t.Style.Dim(padLeft(delta, 9))+"  ", orDash(where), 49)
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// signed writes the milliseconds since the step before.
func signed(v float64) string {
	if v < 0 {
		return "−" + number(-v)
	}
	return "+" + number(v)
}

// runHead says what is to know of a phase of a run.
func runHead(run outage.Run, a outage.Analysis) string {
	parts := []string{}
	if run.Target != "" {
		parts = append(parts, plain(run.Target))
	}
	parts = append(parts, plural(a.Elections, "election"))
	if a.Phase != outage.PhaseSoak {
		parts = append(parts, "moment known to ±"+number(a.UncertainMs)+" ms")
	}
	return strings.Join(parts, ", ")
}

// streamText sums up a stream of a phase in a line.
func streamText(st outage.Stream) string {
	s := ui.Pad(plain(st.Name), 10) + " outage " + number(st.OutageLongestMs) + " ms"
	if len(st.Spans) > 1 {
		s += fmt.Sprintf(" (%d, together %s ms)", len(st.Spans), number(st.OutageSumMs))
	}
	if open(st) {
		s += " and not over"
	}
	s += fmt.Sprintf(", %d of %d failed", st.Failed, st.Sent)
	if st.Retried > 0 {
		s += fmt.Sprintf(", %d retried", st.Retried)
	}
	return s + ", slowest " + number(st.LatencyMaxMs) + " ms"
}
