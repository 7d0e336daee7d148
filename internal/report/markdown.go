package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"halab/internal/outage"
)

// Markdown writes a summary for a CI job or a merge request: the verdict first,
// then a table, then what is remarkable.
func Markdown(w io.Writer, r *outage.Result) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "## halab drill: %s\n\n", markdownVerdict(r))
	for _, v := range budgets(r) {
		markdownBudget(b, v)
	}
	fmt.Fprint(b, "Outage in milliseconds; *failed* counts requests of all runs together.\n\n")
	fmt.Fprint(b, "| scenario | stream | n | min | median | p95 | max | failed | slowest answer | predicted | |\n")
	fmt.Fprint(b, "|:--|:--|--:|--:|--:|--:|--:|--:|--:|--:|:--|\n")
	for _, s := range r.Scenarios {
		for i, row := range rows(s) {
			markdownRow(b, s, row, i == 0)
		}
	}
	markdownFindings(b, r)
	markdownHeld(b, r)
	markdownNotes(b, r)
	fmt.Fprint(b, "\n<details><summary>Machine, lab and floor</summary>\n\n")
	for _, f := range facts(r) {
		fmt.Fprintf(b, "- **%s**: %s\n", f[0], md(f[1]))
	}
	fmt.Fprint(b, "\n</details>\n")
	if r.Interrupted {
		fmt.Fprint(b, "\n**The drill was interrupted**: what is here was measured whole, the rest is missing.\n")
	}
	return b.Flush()
}

func markdownVerdict(r *outage.Result) string {
	broken, all := 0, 0
	for _, v := range budgets(r) {
		for _, c := range v.Checks {
			all++
			if !c.Held {
				broken++
			}
		}
	}
	switch {
	case broken > 0:
		return fmt.Sprintf("❌ %d of %s broken", broken, plural(all, "budget check"))
	case all > 0:
		return fmt.Sprintf("✅ budget held (%s)", plural(all, "check"))
	}
	return plural(len(r.Scenarios), "scenario") + ", no budget"
}

func markdownBudget(b *bufio.Writer, v outage.BudgetVerdict) {
	for _, c := range v.Checks {
		if !c.Held {
			fmt.Fprintf(b, "- ❌ %s\n", md(checkText(c)))
		}
	}
	fmt.Fprintf(b, "\nBudget: %s\n\n", mdCode(v.Budget))
}

func markdownRow(b *bufio.Writer, s outage.ScenarioResult, r row, first bool) {
	name := ""
	if first {
		name = "**" + md(s.Name) + "**"
	}
	m := r.Summary
	cells := []string{"–", "–", "–", "–"}
	if m.N > 0 {
		cells = []string{number(m.Min), number(m.Median), number(m.P95), number(m.Max)}
	}
	failed, slow := fmt.Sprint(r.Failed), number(r.Slowest)
	if r.Other {
		failed, slow = "", ""
	}
	flag := ""
	switch r.Verdict() {
	case "OUT":
		flag = "⚠️ outside"
	case "ok":
		flag = "as predicted"
	}
	fmt.Fprintf(b, "| %s | %s | %d | %s | %s | %s | %s | %s |\n", name, md(r.Label()), m.N,
		strings.Join(cells, " | "), failed, slow, r.Range(), flag)
}

// markdownHeld is a table of what became of open connections.
func markdownHeld(b *bufio.Writer, r *outage.Result) {
	head := false
	for _, s := range r.Scenarios {
		for _, h := range heldLines(s) {
			if !head {
				fmt.Fprint(b, "\n| scenario | connections that were open | |\n|:--|:--|:--|\n")
				head = true
			}
			flag := map[string]string{"OUT": "⚠️ outside", "ok": "as predicted"}[h.Verdict]
			fmt.Fprintf(b, "| **%s** | %s | %s |\n", md(s.Name), md(h.Title+": "+h.Text), flag)
		}
	}
}

func markdownNotes(b *bufio.Writer, r *outage.Result) {
	head := false
	for _, s := range r.Scenarios {
		for _, n := range notes(s) {
			if !head {
				fmt.Fprint(b, "\n### Remarkable\n\n")
				head = true
			}
			mark := "ℹ️"
			if n.Bad {
				mark = "⚠️"
			}
			fmt.Fprintf(b, "- %s **%s** %s\n", mark, md(s.Name), md(n.Text))
		}
	}
}

// md makes text from outside harmless in Markdown: nothing in it is markup, a
// link, HTML or the end of a table cell.
func md(s string) string {
	var b strings.Builder
	for _, r := range plain(s) {
		switch r {
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		case '@': // no mentions
			b.WriteString("&#64;")
		case '\\', '`', '*', '_', '[', ']', '|', '#', '!', '~', '$':
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	// A bare address would become a link.
	return strings.ReplaceAll(b.String(), "://", "&#58;//")
}

// mdCode is text as code. HTML is used, for it has no fence to break out of.
func mdCode(s string) string { return "<code>" + md(s) + "</code>" }
