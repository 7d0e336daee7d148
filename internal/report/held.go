package report

import (
	"fmt"
	"slices"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/outage"
)

// heldLine says what became of a connection that was open in a phase, and whether that
// is what was predicted.
type heldLine struct {
	Title   string // "held busy", or "failback held busy"
	Text    string
	Verdict string // "OUT" or "ok"; empty where nothing was predicted
}

// heldLines tells of a scenario's held connections: of the fault in any case, of the
// failback where one was lost or surprised.
func heldLines(s outage.ScenarioResult) []heldLine {
	var out []heldLine
	for _, phase := range []outage.Phase{outage.PhaseFault, outage.PhaseFailback, outage.PhaseSoak} {
		for _, connection := range []string{agentapi.HeldBusy, agentapi.HeldIdle} {
			l := heldLine{Title: "held " + connection}
			if phase != outage.PhaseFault {
				l.Title = plain(string(phase)) + " " + l.Title
			}
			text, unaffected := heldSummary(s, phase, connection)
			f, predicted := heldForecast(s, phase, connection)
			switch {
			case slices.ContainsFunc(s.Flags, func(f outage.Flag) bool { return f.Phase == phase && f.Metric == outage.HeldMetric(connection) }):
				l.Verdict = "OUT"
			case predicted:
				l.Verdict = "ok"
			}
			l.Text = text
			if predicted {
				l.Text += " (predicted " + forecastText(f) + ")"
			}
			if text != "" && (phase != outage.PhaseFailback || !unaffected || l.Verdict == "OUT") {
				out = append(out, l)
			}
		}
	}
	return out
}

// forecastText is what was predicted, and when the server ends the connection anyway.
func forecastText(f outage.HeldForecast) string {
	t := f.String()
	if f.EndsMs > 0 {
		t += fmt.Sprintf("; by itself after %g s: timeout %s", f.EndsMs/1000, f.EndsBy)
	}
	return plain(t)
}

// heldSummary says what became of one connection over all runs.
func heldSummary(s outage.ScenarioResult, phase outage.Phase, connection string) (text string, unaffected bool) {
	var parts []string
	all := 0
	for _, h := range s.Held {
		if h.Phase == phase && h.Connection == connection {
			all += h.N
		}
	}
	for _, h := range s.Held {
		if h.Phase != phase || h.Connection != connection {
			continue
		}
		t := plain(h.Fate.Words(spread(h.MinMs, h.MaxMs), h.InUse))
		if h.N < all {
			t += fmt.Sprintf(" in %d of %d", h.N, all)
		}
		parts = append(parts, t)
		unaffected = h.Fate == outage.FateUnaffected && h.N == all
	}
	return strings.Join(parts, ", "), unaffected
}

// heldForecast finds what was predicted of a connection.
func heldForecast(s outage.ScenarioResult, phase outage.Phase, connection string) (outage.HeldForecast, bool) {
	at := slices.IndexFunc(s.HeldPredicted, func(f outage.HeldForecast) bool { return f.Phase == phase && f.Connection == connection })
	if at < 0 {
		return outage.HeldForecast{}, false
	}
	return s.HeldPredicted[at], true
}

// heldRun says what became of the connections of one phase of a run, or nothing where
// none was held.
func heldRun(run outage.Run, a outage.Analysis) string {
	var parts []string
	for _, connection := range []string{agentapi.HeldBusy, agentapi.HeldIdle} {
		if h, ok := a.HeldTo(run.VIP, connection); ok {
			parts = append(parts, connection+" "+plain(h.Fate.Words(number(h.AfterMs), h.InUse)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "held: " + strings.Join(parts, ", ")
}

// heldWords lists what is to be told of the phase's connections: those to the VIP that
// was hit, the last answers, and others that were lost.
func heldWords(run outage.Run, a outage.Analysis) []string {
	var out []string
	if t := heldRun(run, a); t != "" {
		out = append(out, t)
	}
	for _, h := range a.Held {
		own := h.VIP == run.VIP
		switch {
		case !own && h.Lost():
			out = append(out, fmt.Sprintf("held to %s: %s %s", plain(h.VIP), plain(h.Connection), plain(h.Fate.Words(number(h.AfterMs), h.InUse))))
		case own && h.Fate == outage.FateHang && h.Sent > 0:
			out = append(out, fmt.Sprintf("%s: sent again %s, and nobody acknowledged it", plain(h.Connection), plural(h.Sent, "time")))
		case own && h.Fate == outage.FateHang:
			out = append(out, plain(h.Connection)+": the other side's kernel has it, and no process answers")
		}
	}
	return out
}
