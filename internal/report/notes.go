package report

import (
	"fmt"
	"strings"

	"halab/internal/outage"
)

// note is a line under a scenario's table that the reader must not miss.
type note struct {
	Bad  bool // an unwelcome surprise; otherwise worth knowing
	Text string
}

// notes lists what is remarkable of a scenario: flags, invariants, runs that
// are no measurement. A flag for an invariant is told with the run's invariants.
func notes(s outage.ScenarioResult) []note {
	var out []note
	for _, f := range s.Flags {
		if !toldByRun(s, f) {
			out = append(out, note{Bad: true, Text: flagText(s, f)})
		}
	}
	if s.NoPrediction != "" {
		out = append(out, note{Text: "nothing is predicted: " + plain(s.NoPrediction)})
	}
	if n := unended(s); n != "" {
		out = append(out, note{Text: n})
	}
	for _, run := range s.Runs {
		out = append(out, runNotes(run)...)
	}
	return out
}

// unended tells of outages that outlasted their phase: their lengths are lower
// bounds.
func unended(s outage.ScenarioResult) string {
	var runs []string
	streams := map[string]bool{}
	for _, run := range s.Runs {
		here := false
		for _, a := range run.Phases {
			for _, st := range a.Streams {
				if run.Valid() && open(st) {
					streams[st.Name], here = true, true
				}
			}
		}
		if here {
			runs = append(runs, fmt.Sprint(run.Number))
		}
	}
	if len(runs) == 0 {
		return ""
	}
	return plain(fmt.Sprintf("run %s: the outage of %s had not ended when the phase did; it was longer than measured",
		strings.Join(runs, ", "), strings.Join(streamOrder(streams), ", ")))
}

// toldByRun says whether a flag is for an invariant that runNotes tells of.
func toldByRun(s outage.ScenarioResult, f outage.Flag) bool {
	for _, run := range s.Runs {
		a, ok := run.Phase(f.Phase)
		if run.Number != f.Run || !ok || !a.Valid {
			continue
		}
		for _, inv := range a.Invariants {
			if inv.Name == f.Metric && inv.Remarkable() {
				return true
			}
		}
	}
	return false
}

func flagText(s outage.ScenarioResult, f outage.Flag) string {
	t := plain(f.Text)
	for _, p := range s.Predictions {
		if p.Metric == f.Metric && !p.Never {
			t = fmt.Sprintf("%s is %s, predicted %s", plain(f.Metric),
				withUnit(f.Measured, outage.Unit(f.Metric)), spread(f.MinMs, f.MaxMs))
		}
	}
	if f.Run > 0 && !strings.Contains(t, fmt.Sprintf("run %d", f.Run)) {
		t = fmt.Sprintf("run %d: %s", f.Run, t)
	}
	return t
}

func runNotes(run outage.Run) []note {
	var out []note
	if run.Error != "" {
		out = append(out, note{Bad: true, Text: fmt.Sprintf("run %d was not carried out: %s", run.Number, plain(run.Error))})
	}
	for _, a := range run.Phases {
		if !a.Valid {
			out = append(out, note{Text: fmt.Sprintf("run %d, %s, is not a measurement: %s", run.Number, phaseTitle(a.Phase), plain(a.Invalid))})
			continue
		}
		for _, inv := range a.Invariants {
			if inv.Remarkable() {
				out = append(out, note{Bad: true, Text: fmt.Sprintf("run %d, %s: %s", run.Number, phaseTitle(a.Phase), invariantText(inv))})
			}
		}
	}
	return out
}

// invariantText says in words how an invariant fared.
func invariantText(inv outage.Invariant) string {
	t := invariantTitle(inv.Name)
	if !inv.Broken() {
		return "expected, but not seen: " + t
	}
	if inv.Count > 0 {
		t += fmt.Sprintf(" (%d too many)", inv.Count)
	}
	if inv.Ms > 0 {
		t += " for " + number(inv.Ms) + " ms"
	}
	switch inv.Expect {
	case outage.Must:
		t += ", as the scenario is there to show"
	case outage.May:
		t += ", as this fault cannot but do"
	}
	return t
}
