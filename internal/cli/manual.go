package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// manualSpec prints a manual page: that of halab, or that of a command. Packages are
// made with it (tools/release); people have `halab COMMAND --help`, which says the
// same.
func (p *program) manualSpec() spec {
	return spec{
		name: "__manual", summary: "prints a manual page", hidden: true,
		about:    "Prints the manual page of halab, or of a command, in roff.",
		examples: []string{"halab __manual fail"},
		args:     []arg{{name: "COMMAND", kind: aCommand, optional: true}},
		run: func(_ context.Context, in *input) error {
			page, all := manual(p.commands()), p.commands()
			if name := in.arg(0); name != "" {
				found := false
				for _, s := range all {
					if s.name == name && !s.hidden {
						page, found = commandManual(s), true
					}
				}
				if !found {
					return unknownCommand(name, all)
				}
			}
			_, err := fmt.Fprint(p.stdout, page)
			return err
		},
	}
}

// roff is a manual page in the making; man(7) has its macros.
type roff struct{ strings.Builder }

// line writes a macro with its words: .SH "EXIT STATUS"
func (r *roff) line(macro string, words ...string) {
	r.WriteString("." + macro)
	for _, w := range words {
		r.WriteString(` "` + strings.ReplaceAll(escapeRoff(w), `"`, `""`) + `"`)
	}
	r.WriteString("\n")
}

// text writes words that are filled; an empty line begins a paragraph. A table in
// help becomes a list: the line that is set in least begins an entry, its first
// column is the entry's name, and lines that are set in further go on with it.
func (r *roff) text(words string) {
	for paragraph := range strings.SplitSeq(strings.Trim(words, "\n"), "\n\n") {
		r.line("PP")
		lines := strings.Split(paragraph, "\n")
		least := helpWidth
		for _, l := range lines {
			if in := setIn(l); in > 0 {
				least = min(least, in)
			}
		}
		for _, l := range lines {
			in, words := setIn(l), strings.TrimSpace(l)
			if in > 0 && in == least {
				name, rest, _ := strings.Cut(words, "  ")
				r.line("TP")
				r.WriteString(`\fB` + escapeRoff(name) + "\\fR\n")
				words = strings.TrimSpace(rest)
			}
			if words != "" {
				r.WriteString(guardRoff(escapeRoff(words)) + "\n")
			}
		}
	}
}

func setIn(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// verbatim writes lines as they are.
func (r *roff) verbatim(lines []string) {
	r.line("nf")
	for _, l := range lines {
		r.WriteString(guardRoff(escapeRoff(l)) + "\n")
	}
	r.line("fi")
}

func (r *roff) flags(list []cli.Flag) {
	for _, f := range list {
		r.line("TP")
		r.WriteString(`\fB` + escapeRoff(flagHead(f)) + "\\fR\n" + guardRoff(escapeRoff(flagText(f))) + "\n")
	}
}

// escapeRoff keeps what roff would take for its own: a backslash begins an escape,
// and a plain - may be set as a hyphen, which can't be copied into a shell.
func escapeRoff(s string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
}

// guardRoff keeps a line that begins with . or ' from being a macro.
func guardRoff(line string) string {
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		return `\&` + line
	}
	return line
}

func heading(name, summary string) *roff {
	r := &roff{}
	r.line("TH", strings.ToUpper(name), "1", "", "halab "+buildVersion, "halab")
	r.line("SH", "NAME")
	r.WriteString(escapeRoff(name) + ` \- ` + escapeRoff(summary) + "\n")
	return r
}

// manual is the page of halab itself.
func manual(specs []spec) string {
	r := heading("halab", appSummary)
	r.line("SH", "SYNOPSIS")
	r.verbatim([]string{appUsage})
	r.line("SH", "DESCRIPTION")
	r.text(appAbout)
	r.line("SH", "COMMANDS")
	for _, s := range specs {
		if !s.hidden {
			r.line("TP")
			r.WriteString(`\fBhalab\-` + escapeRoff(s.name) + "\\fR(1)\n" + escapeRoff(s.summary) + "\n")
		}
	}
	r.line("SH", "FLAGS")
	r.flags(globalFlags())
	r.line("SH", "EXIT STATUS")
	r.text(appExit)
	r.line("SH", "EXAMPLES")
	r.verbatim(appExamples())
	return r.String()
}

// commandManual is the page of a command, with those of its own commands.
func commandManual(s spec) string {
	path := "halab " + s.name
	r := heading("halab-"+s.name, s.summary)
	r.line("SH", "SYNOPSIS")
	r.verbatim([]string{s.usageLine(path)})
	r.line("SH", "DESCRIPTION")
	r.text(s.about)
	for _, sub := range s.sub {
		r.line("SH", strings.ToUpper(sub.name))
		r.verbatim([]string{sub.usageLine(path + " " + sub.name)})
		r.text(sub.about)
		r.flags(sub.flags)
	}
	if len(s.flags) > 0 {
		r.line("SH", "FLAGS")
		r.flags(s.flags)
	}
	r.line("SH", "EXAMPLES")
	r.verbatim(s.examples)
	r.line("SH", "SEE ALSO")
	r.WriteString("\\fBhalab\\fR(1)\n")
	return r.String()
}
