package cli

import (
	"fmt"
	"io"
	"strings"

	"halab/internal/daemonconf/forecast"
	"halab/internal/daemonconf/lint"
	"halab/internal/ui"
)

// writeLintText writes findings in at most 80 columns, then a table for each
// cluster.
func writeLintText(out ui.Terminal, r lint.Report, formulas bool) error {
	var b strings.Builder
	for _, f := range r.Findings {
		findingLines(&b, f, out.Style)
	}
	for _, line := range r.Unjudged {
		labelled(&b, out.Style.Dim("not judged: "), 12, line)
	}
	if len(r.Unjudged) > 0 {
		b.WriteByte('\n')
	}
	for _, t := range r.Tables {
		if err := lintTable(&b, t, r.Versions, formulas); err != nil {
			return err
		}
	}
	fmt.Fprintf(&b, "%s, %s, %s\n", count(r.Count(lint.Error), "error"), count(r.Count(lint.Warning), "warning"), count(r.Count(lint.Info), "remark"))
	_, err := io.WriteString(out, b.String())
	return err
}

func count(n int, word string) string {
	switch n {
	case 0:
		return "no " + word
	case 1:
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

func findingLines(b *strings.Builder, f lint.Finding, style ui.Style) {
	paint := map[lint.Severity]func(string) string{lint.Error: style.Bad, lint.Warning: style.Odd, lint.Info: style.Dim}[f.Severity]
	fmt.Fprintf(b, "%s  %s  %s\n", ui.Clean(f.At.String()), paint(string(f.Severity)), f.Rule)
	labelled(b, "", 2, f.What)
	labelled(b, "  client  ", 10, f.Sees)
	if f.Drill != "" {
		labelled(b, "  drill   ", 10, f.Drill)
	}
	for i, at := range f.Also {
		label := "          "
		if i == 0 {
			label = "  also    "
		}
		b.WriteString(label + ui.Clean(at.String()) + "\n")
	}
	if c := f.Cure; c != nil {
		labelled(b, "  cure    ", 10, c.Text)
		if len(c.Old)+len(c.New) > 0 {
			place := fmt.Sprintf("%s:%d", c.At.File, c.At.Line)
			if len(c.Old) == 0 {
				place = "after " + place
			}
			b.WriteString("          " + ui.Clean(place) + "\n")
		}
		for _, l := range c.Old {
			b.WriteString("          " + style.Bad("- "+ui.Clean(strings.TrimLeft(l, " \t"))) + "\n")
		}
		for _, l := range c.New {
			b.WriteString("          " + style.Good("+ "+ui.Clean(strings.TrimPrefix(strings.TrimPrefix(l, "\t"), "    "))) + "\n")
		}
	}
	b.WriteByte('\n')
}

// labelled writes a text that is wrapped beside a label.
func labelled(b *strings.Builder, label string, indent int, text string) {
	for i, line := range ui.Wrap(ui.Clean(text), helpWidth-indent) {
		if i > 0 || label == "" {
			label = strings.Repeat(" ", indent)
		}
		b.WriteString(label + line + "\n")
	}
}

// versionWords is "keepalived 2.2.7, HAProxy 2.6.12", node by node where they
// differ.
func versionWords(nodes []string, judged map[string]lint.Versions) string {
	var each []string
	differ := false
	for _, n := range nodes {
		v := judged[n]
		words := "keepalived " + string(v.Keepalived)
		if v.HAProxy != "" {
			words += ", HAProxy " + string(v.HAProxy)
		}
		differ = differ || v != judged[nodes[0]]
		each = append(each, n+": "+words)
	}
	if !differ {
		return strings.TrimPrefix(each[0], nodes[0]+": ")
	}
	return strings.Join(each, "; ")
}

// lintTable writes what each fault costs.
func lintTable(b *strings.Builder, t forecast.Table, judged map[string]lint.Versions, formulas bool) error {
	var vips []string
	for _, a := range t.VIPs {
		vips = append(vips, a.String())
	}
	labelled(b, "", 0, fmt.Sprintf("%s on %s, held by %s (%s)",
		strings.Join(vips, ", "), strings.Join(t.Nodes, ", "), t.Holder, versionWords(t.Nodes, judged)))
	table := ui.Table{Indent: "  "}
	table.Row("FAULT", "NEW CONNECTIONS", "OPEN CONNECTIONS")
	for _, row := range t.Rows {
		table.Row(row.Title, lint.Words(row), lint.HeldWords(row))
	}
	if err := table.Write(b); err != nil {
		return err
	}
	if formulas {
		for _, row := range t.Rows {
			labelled(b, "  "+ui.Pad(row.Fault, 18), 20, row.Formula)
		}
	}
	b.WriteByte('\n')
	return nil
}
