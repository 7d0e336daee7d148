package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"halab/internal/ui"
)

// CompareText writes a comparison for a terminal or a pipe.
func CompareText(w io.Writer, c Comparison, o TextOptions) error {
	if o.Style == nil {
		o.Style = unpainted{}
	}
	if o.Columns < 40 {
		o.Columns = 80
	}
	t := textReport{w: bufio.NewWriter(w), TextOptions: o}
	t.line(t.Style.Dim("A  ") + sideText(c.A))
	t.line(t.Style.Dim("B  ") + sideText(c.B))
	t.line("")
	t.line(t.Style.Dim(compareLine("median ms or count [95 %]", "A", "B", "A/B", "p")))
	last := ""
	var warned []string
	for _, r := range c.Rows {
		if r.Scenario != last {
			t.line("")
			t.line(t.Style.Bold(plain(r.Scenario)))
			last = r.Scenario
		}
		line := compareLine(plain(r.Metric), r.A.text(), r.B.text(), r.ratioText(), pText(r))
		if !r.Different {
			line = t.Style.Dim(line)
		}
		t.line(line)
		warned = append(warned, r.Warnings...)
	}
	if len(c.Rows) == 0 {
		t.line("the two have no scenario in common")
	}
	for _, n := range compareNotes(c, warned) {
		t.hanging("- ", n, 2)
	}
	return t.w.Flush()
}

func sideText(s ComparedResult) string {
	return fmt.Sprintf("%s: %s on %s", plain(s.Name), plain(s.Profile), plain(s.Base))
}

func compareLine(metric, a, b, ratio, p string) string {
	return strings.TrimRight("  "+ui.Pad(metric, 25)+padLeft(a, 17)+padLeft(b, 17)+padLeft(ratio, 10)+"  "+p, " ")
}

// text is a median with its interval.
func (e Estimate) text() string {
	switch {
	case e.N == 0:
		return "–"
	case e.Lo == nil:
		return number(e.Median) + " [?]"
	}
	return number(e.Median) + " [" + spread(*e.Lo, *e.Hi) + "]"
}

// ratioText is how many times A is B; "≥" where B is below the floor.
func (r ComparisonRow) ratioText() string {
	switch {
	case r.Ratio == nil:
		return "–"
	case r.AtLeast:
		return "≥ ×" + times(*r.Ratio)
	}
	return "×" + times(*r.Ratio)
}

// rangeText is the interval of the ratio.
func (r ComparisonRow) rangeText() string {
	if r.RatioLo == nil {
		return ""
	}
	return "×" + times(*r.RatioLo) + "–" + times(*r.RatioHi)
}

func times(v float64) string {
	if v < 9.95 {
		return fmt.Sprintf("%.2f", v)
	}
	return number(v)
}

func pText(r ComparisonRow) string {
	s := fmt.Sprintf("%.3f", r.P)
	if r.P < 0.001 {
		s = "<.001"
	}
	if !r.Different {
		s += " ~"
	}
	return s
}

// compareNotes explains the signs that occur and tells each warning once.
func compareNotes(c Comparison, warnings []string) []string {
	var out []string
	same, least := false, false
	for _, r := range c.Rows {
		same = same || !r.Different
		least = least || r.AtLeast
	}
	if same {
		out = append(out, fmt.Sprintf("~: no difference can be told from chance (p ≥ %.2f)", Alpha))
	}
	if least {
		out = append(out, fmt.Sprintf("≥: B is shorter than can be measured; the floor of %s ms stands in for it", number(max(c.A.FloorMs, c.B.FloorMs))))
	}
	seen := map[string]bool{}
	for _, w := range warnings {
		w = strings.TrimPrefix(strings.TrimPrefix(w, "A: "), "B: ")
		if !seen[w] {
			seen[w] = true
			out = append(out, plain(w))
		}
	}
	if len(c.OnlyA) > 0 {
		out = append(out, "only in A: "+plain(strings.Join(c.OnlyA, ", ")))
	}
	if len(c.OnlyB) > 0 {
		out = append(out, "only in B: "+plain(strings.Join(c.OnlyB, ", ")))
	}
	return out
}

// CompareMarkdown writes a comparison as a Markdown table.
func CompareMarkdown(w io.Writer, c Comparison) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "## halab compare\n\n- **A** %s\n- **B** %s\n\n", md(sideText(c.A)), md(sideText(c.B)))
	fmt.Fprint(b, "| scenario | metric | A | B | A/B | 95 % of A/B | p | n |\n|:--|:--|--:|--:|--:|--:|--:|--:|\n")
	last := ""
	var warned []string
	for _, r := range c.Rows {
		name := ""
		if r.Scenario != last {
			name, last = "**"+md(r.Scenario)+"**", r.Scenario
		}
		fmt.Fprintf(b, "| %s | %s, %s | %s | %s | %s | %s | %s | %d+%d |\n", name, md(r.Metric), md(r.Unit),
			md(r.A.text()), md(r.B.text()), r.ratioText(), r.rangeText(), md(pText(r)), r.A.N, r.B.N)
		warned = append(warned, r.Warnings...)
	}
	fmt.Fprint(b, "\nMedians with their 95 % intervals.\n\n")
	for _, n := range compareNotes(c, warned) {
		fmt.Fprintf(b, "- %s\n", md(n))
	}
	return b.Flush()
}

// CompareJSON writes a comparison as one document.
func CompareJSON(w io.Writer, c Comparison) error { return encode(w, c, true) }
