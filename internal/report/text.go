package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"halab/internal/outage"
	"halab/internal/ui"
)

// Style paints text for a terminal.
type Style interface {
	Bold(string) string
	Dim(string) string
	Good(string) string
	Bad(string) string
	Odd(string) string
}

// TextOptions says how Text looks.
type TextOptions struct {
	Style   Style // nil: no colours
	Columns int   // of the terminal; below 40: 80
	Anatomy bool  // tell each run step by step
}

type unpainted struct{}

func (unpainted) Bold(s string) string { return s }
func (unpainted) Dim(s string) string  { return s }
func (unpainted) Good(s string) string { return s }
func (unpainted) Bad(s string) string  { return s }
func (unpainted) Odd(s string) string  { return s }

type textReport struct {
	w *bufio.Writer
	TextOptions
}

// Text writes the result for a terminal or a pipe. The table fits into 80
// columns; longer sentences are broken at Columns.
func Text(w io.Writer, r *outage.Result, o TextOptions) error {
	if o.Style == nil {
		o.Style = unpainted{}
	}
	if o.Columns < 40 {
		o.Columns = 80
	}
	t := textReport{w: bufio.NewWriter(w), TextOptions: o}
	for _, f := range facts(r) {
		t.hanging(t.Style.Dim(ui.Pad(f[0], 9)), f[1], 9)
	}
	t.line("")
	t.line(t.Style.Dim(tableLine("outage, ms", "n", "min", "median", "p95", "max", "failed", "predicted", "")))
	for _, s := range r.Scenarios {
		t.scenario(s)
	}
	if len(r.Scenarios) == 0 {
		t.line("no scenario was run")
	}
	t.findings(r)
	t.verdicts(r)
	if r.Interrupted {
		t.line("")
		t.hanging("", t.Style.Odd("The drill was interrupted: what is here was measured whole, the rest is missing."), 0)
	}
	return t.w.Flush()
}

func tableLine(label, n, low, median, p95, high, failed, predicted, flag string) string {
	s := "  " + ui.Pad(label, 19) + padLeft(n, 4) + padLeft(low, 7) + padLeft(median, 8) +
		padLeft(p95, 7) + padLeft(high, 7) + padLeft(failed, 8) + padLeft(predicted, 13) + "  " + flag
	return strings.TrimRight(s, " ")
}

func (t *textReport) line(s string) {
	t.w.WriteString(s)
	t.w.WriteByte('\n')
}

// hanging writes a head and wrapped text that keeps right of it.
func (t *textReport) hanging(head, text string, indent int) {
	for i, l := range ui.Wrap(text, t.Columns-indent) {
		if i > 0 {
			head = strings.Repeat(" ", indent)
		}
		t.line(head + l)
	}
}

func (t *textReport) scenario(s outage.ScenarioResult) {
	t.line("")
	name := plain(s.Name)
	t.line(t.Style.Bold(name))
	if s.Description != "" {
		for _, l := range ui.Wrap(plain(s.Description), t.Columns-2) {
			t.line("  " + t.Style.Dim(l))
		}
	}
	rs := rows(s)
	for _, r := range rs {
		t.row(r)
	}
	for _, h := range heldLines(s) {
		t.held(h)
	}
	if n := validRuns(s); n < len(s.Runs) {
		t.line("  " + t.Style.Odd(fmt.Sprintf("%d of %s counted; the others are no measurements", n, plural(len(s.Runs), "run"))))
	}
	if slow := slowest(rs); slow != "" {
		t.hanging("  "+t.Style.Dim("slowest answer: "), slow, 18)
	}
	for _, n := range notes(s) {
		mark, paint := "- ", t.Style.Odd
		if n.Bad {
			mark, paint = "! ", t.Style.Bad
		}
		t.hanging("  "+paint(mark), n.Text, 4)
	}
	if t.Anatomy {
		for _, run := range s.Runs {
			t.anatomy(run)
		}
	}
}

func (t *textReport) row(r row) {
	m := r.Summary
	cells := []string{"–", "–", "–", "–"}
	if m.N > 0 {
		cells = []string{number(m.Min), number(m.Median), number(m.P95), number(m.Max)}
	}
	failed := fmt.Sprint(r.Failed)
	if r.Other {
		failed = ""
	}
	line := tableLine(r.Label(), fmt.Sprint(m.N), cells[0], cells[1], cells[2], cells[3], failed, r.Range(), "")
	switch r.Verdict() {
	case "OUT":
		line = ui.Pad(line, 77) + t.Style.Bad("OUT")
	case "ok":
		line = ui.Pad(line, 77) + t.Style.Good("ok")
	}
	t.line(line)
}

// held writes a line, with the verdict in the column of the table above it.
func (t *textReport) held(h heldLine) {
	const column, indent = 77, 4
	lines := ui.Wrap(h.Title+": "+h.Text, min(t.Columns, column)-indent)
	for i, l := range lines {
		if i > 0 {
			l = "  " + l
		}
		l = "  " + l
		if i == 0 {
			switch h.Verdict {
			case "OUT":
				l = ui.Pad(l, column) + t.Style.Bad("OUT")
			case "ok":
				l = ui.Pad(l, column) + t.Style.Good("ok")
			}
		}
		t.line(l)
	}
}

// slowest lists the worst latency of each stream of the first phase.
func slowest(rs []row) string {
	var parts []string
	for _, r := range rs {
		if r.Slowest > 0 {
			parts = append(parts, r.Label()+" "+number(r.Slowest)+" ms")
		}
	}
	return strings.Join(parts, ", ")
}

func (t *textReport) verdicts(r *outage.Result) {
	for _, b := range budgets(r) {
		t.line("")
		word := t.Style.Good("held")
		if !b.Held {
			word = t.Style.Bad("BROKEN")
		}
		t.line(t.Style.Bold("Budget ") + word)
		for _, l := range ui.Wrap(strings.ReplaceAll(plain(b.Budget), ",", ", "), t.Columns-2) {
			t.line("  " + l)
		}
		held := 0
		for _, c := range b.Checks {
			if c.Held {
				held++
				continue
			}
			t.hanging("  "+t.Style.Bad("! "), checkText(c), 4)
		}
		t.line(t.Style.Dim(fmt.Sprintf("  %d of %s held", held, plural(len(b.Checks), "check"))))
	}
}
