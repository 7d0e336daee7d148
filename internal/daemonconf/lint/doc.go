package lint

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed doc.md
var head string

// Doc is docs/lint.md: what the command does, and every rule.
func Doc() string {
	var b strings.Builder
	b.WriteString(head)
	b.WriteString("\n| rule | severity | what it finds |\n|:--|:--|:--|\n")
	for _, r := range Rules() {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", r.Name, r.Name, r.Severity, r.Title)
	}
	for _, r := range Rules() {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", r.Name, strings.Join(r.Explain(), "\n\n"))
	}
	return b.String()
}

// Explain is what a rule is about, paragraph by paragraph.
func (r Rule) Explain() []string {
	return []string{
		string(r.Severity) + ": " + r.Title + ".",
		r.Why,
		"Sources: " + strings.Join(r.Sources, "; ") + ".",
	}
}
