package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"halab/internal/ui"
)

// helpWidth is how wide help is: it fits any terminal.
const helpWidth = 80

// commandHelp is the help of a command: what it does, examples, flags.
func commandHelp(s spec, path string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\nUsage: %s\n\n%s\n", path, s.summary, s.usageLine(path), strings.Trim(s.about, "\n"))
	if len(s.sub) > 0 {
		b.WriteString("\nCommands:\n")
		writeCommands(&b, s.sub)
	}
	b.WriteString("\nExamples:\n")
	for _, e := range s.examples {
		b.WriteString("   " + e + "\n")
	}
	if len(s.flags) > 0 {
		b.WriteString("\nFlags, which may stand before or after the arguments:\n")
		writeFlags(&b, s.flags)
	}
	b.WriteString("\nFlags of every command (--name, --json, …): halab --help\n")
	return b.String()
}

// What halab itself is, in its help and its manual page.
const (
	appSummary = "run HAProxy and keepalived in containers, break them, measure the failover"
	appUsage   = "halab [flags] COMMAND [arguments]"
	appAbout   = `A TARGET is a node (frontend-01), a VIP's name (frontend-00: the node that holds
it now) or a cluster (frontend: all its nodes). A SERVICE is app, haproxy,
keepalived or node.`
	appExit = "0 done, 1 failed, 2 wrong usage, 3 budget broken, 130 interrupted."
)

func appExamples() []string {
	return []string{
		"halab lint mine", "halab -c mine up", "halab drill haproxy-kill", "halab down",
		"halab up", "halab fail frontend-00 haproxy --how kill", "halab restore",
	}
}

// appHelp is the help of halab itself.
func appHelp(specs []spec) string {
	var b strings.Builder
	fmt.Fprintf(&b, "halab: %s\n\nUsage: %s\n\n%s\n\nCommands:\n", appSummary, appUsage, appAbout)
	writeCommands(&b, specs)
	b.WriteString("\nFlags, which may stand anywhere:\n")
	writeFlags(&b, globalFlags())
	b.WriteString("\nExamples:\n")
	for _, e := range appExamples() {
		b.WriteString("   " + e + "\n")
	}
	b.WriteString("\nExit codes: " + appExit + "\nMore on a command: halab COMMAND --help\n")
	return b.String()
}

func writeCommands(b *strings.Builder, specs []spec) {
	for _, s := range specs {
		if !s.hidden {
			fmt.Fprintf(b, "   %-11s %s\n", s.name, s.summary)
		}
	}
}

// flagColumn is where a flag's text begins.
const flagColumn = 24

func writeFlags(b *strings.Builder, flags []cli.Flag) {
	for _, f := range flags {
		head := "   " + flagHead(f)
		lines := ui.Wrap(flagText(f), helpWidth-flagColumn)
		if len(head) >= flagColumn {
			b.WriteString(head + "\n")
			head = ""
		}
		for _, line := range lines {
			b.WriteString(ui.Pad(head, flagColumn) + line + "\n")
			head = ""
		}
	}
}

// flagHead is "-n, --tail N".
func flagHead(f cli.Flag) string {
	var short, long string
	for _, name := range f.Names() {
		if len(name) == 1 {
			short = "-" + name + ", "
		} else if long == "" {
			long = "--" + name
		}
	}
	if _, isBool := f.(*cli.BoolFlag); isBool {
		return short + long
	}
	return short + long + " " + valueName(f)
}

// flagText is what a flag does, its default, and the environment variable that
// sets it.
func flagText(f cli.Flag) string {
	d, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return ""
	}
	text := strings.ReplaceAll(d.GetUsage(), "`", "")
	// A flag that is not given adds nothing: "break nothing for TIME (default: 0s)".
	if value := strings.Trim(d.GetDefaultText(), `"`); d.TakesValue() && !slices.Contains([]string{"", "0", "0s"}, value) && !strings.HasPrefix(value, "[") {
		text += " (default: " + value + ")"
	}
	if env := d.GetEnvVars(); len(env) > 0 {
		text += " [$" + strings.Join(env, ", $") + "]"
	}
	return text
}
