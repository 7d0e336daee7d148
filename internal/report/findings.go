package report

import (
	"bufio"
	"fmt"
	"strings"

	"halab/internal/outage"
)

// findingLine is a finding, its prediction and what was measured, side by side.
type findingLine struct {
	Severity, Rule, At, What, Drill string
	Predicted, Measured             string // empty where there is none
	Proof                           outage.Proof
}

// Bad says that the measurement contradicts the prediction.
func (l findingLine) Bad() bool { return l.Proof == outage.ProofContradicted }

// Good says that it confirms it.
func (l findingLine) Good() bool { return l.Proof == outage.ProofConfirmed }

// Words is the prediction and the measurement in a sentence.
func (l findingLine) Words() string {
	switch {
	case l.Proof == outage.ProofUndrilled && l.Drill == "":
		return "no drill of this lab shows it"
	case l.Proof == outage.ProofUndrilled:
		return "not drilled: halab drill " + l.Drill
	case l.Predicted == "":
		return "not predicted → " + l.Measured + " (" + l.Drill + ")"
	}
	return l.Predicted + " → " + l.Measured + " (" + l.Drill + ")"
}

func findingLines(r *outage.Result) []findingLine {
	var out []findingLine
	for _, f := range r.Findings {
		l := findingLine{
			Severity: plain(f.Severity), Rule: plain(f.Rule), At: plain(f.At), What: plain(f.What),
			Drill: plain(f.Drill), Proof: f.Proof, Measured: findingMeasured(f),
		}
		if p := f.Predicted; p != nil {
			l.Predicted = inSeconds(p.MinMs, p.MaxMs)
			if p.Never {
				l.Predicted = "never"
			}
		}
		out = append(out, l)
	}
	return out
}

// findingMeasured is what the drill of a finding showed, in words.
func findingMeasured(f outage.Finding) string {
	switch {
	case f.StayedMs > 0 && f.Moved:
		return "moved, and nothing answered in " + inSeconds(f.StayedMs, f.StayedMs)
	case f.StayedMs > 0:
		return "the VIP did not move in " + inSeconds(f.StayedMs, f.StayedMs)
	case f.Measured != nil:
		return inSeconds(f.Measured.Min, f.Measured.Max)
	}
	return ""
}

// inSeconds writes a range of milliseconds with the unit that suits it.
func inSeconds(low, high float64) string {
	if high < 1000 {
		return spread(low, high) + " ms"
	}
	return spread(low/1000, high/1000) + " s"
}

func (t *textReport) findings(r *outage.Result) {
	lines := findingLines(r)
	if len(lines) == 0 {
		return
	}
	t.line("")
	t.line(t.Style.Bold("Findings") + t.Style.Dim(" in the files, predicted → measured"))
	for _, l := range lines {
		t.line(fmt.Sprintf("  %s  %s  %s", l.At, l.Severity, l.Rule))
		t.hanging("    ", l.What, 4)
		words := l.Words()
		switch {
		case l.Bad():
			t.hanging("    "+t.Style.Bad("CONTRADICTED")+" ", words, 17)
		case l.Good():
			t.hanging("    "+t.Style.Good("confirmed")+" ", words, 14)
		default:
			t.hanging("    "+t.Style.Odd("- "), words, 6)
		}
	}
}

func markdownFindings(b *bufio.Writer, r *outage.Result) {
	lines := findingLines(r)
	if len(lines) == 0 {
		return
	}
	fmt.Fprint(b, "\n### Findings\n\n| finding | what is wrong | drill | predicted | measured | |\n|:--|:--|:--|:--|:--|:--|\n")
	for _, l := range lines {
		mark := map[outage.Proof]string{outage.ProofContradicted: "❌ contradicted", outage.ProofConfirmed: "✅ confirmed"}[l.Proof]
		if mark == "" {
			mark = md(string(l.Proof))
		}
		fmt.Fprintf(b, "| %s **%s** %s | %s | %s | %s | %s | %s |\n", md(l.Severity), md(l.Rule), mdCode(l.At), md(l.What),
			md(l.Drill), md(l.Predicted), md(l.Measured), mark)
	}
}

// junitFindings is a suite of the findings: one whose prediction is contradicted is a
// failure, one that was not drilled is skipped.
func junitFindings(r *outage.Result) (junitSuite, bool) {
	suite := newJUnitSuite(r, "findings")
	for _, l := range findingLines(r) {
		c := junitCase{Name: l.Rule + " " + l.At, Class: "halab.drill.findings", Out: strings.TrimSpace(l.What + "\n" + l.Words())}
		switch l.Proof {
		case outage.ProofContradicted:
			c.Failure = &junitOutcome{Type: "finding", Message: l.Words()}
		case outage.ProofUndrilled, outage.ProofUnpredicted:
			c.Skipped = &junitOutcome{Message: l.Words()}
		}
		suite.add(c)
	}
	suite.Time = seconds(0)
	return suite, suite.Tests > 0
}
