package cli

import (
	"context"
	"fmt"
	"strings"

	"halab/internal/app"
	"halab/internal/preflight"
	"halab/internal/problem"
	"halab/internal/ui"
)

func (p *program) doctorSpec() spec {
	return spec{
		name:    "doctor",
		summary: "check the engine and the host, each finding with its cure",
		about: `
Looks at what a lab needs: the engine and its API, macvlan, whether anybody else
uses the subnet or the lab's names, the parent interface, the disk, where images
can come from, what is left of an earlier lab, and whether the engine's host can
be reached from here. Of a lab on hosts it looks at each host: its engine,
clock, interface and address, and the VRRP packets that arrive there. Changes
nothing. "halab up" does the same first.`,
		examples: []string{"halab doctor", "halab doctor --subnet 192.168.77.0/24", "halab doctor --json"},
		run:      p.doctor,
	}
}

func (p *program) doctor(ctx context.Context, in *input) error {
	s := p.offline(in)
	c, err := p.world().Doctor(ctx, in.Setting, s.tell)
	s.story.end()
	if err != nil {
		return err
	}
	return p.writeCheckup(in, c)
}

func (p *program) writeCheckup(in *input, c app.Checkup) error {
	for i, f := range c.Findings {
		c.Findings[i].Problem = problem.List{f.Problem}.With(in.selection.command)[0]
	}
	if in.json {
		if err := ui.WriteJSON(p.stdout, c); err != nil {
			return err
		}
	} else {
		out := ui.NewTerminal(p.stdout, in.colour, p.env)
		for _, f := range c.Findings {
			if _, err := fmt.Fprint(out, findingText(f, out.Style)); err != nil {
				return err
			}
		}
	}
	if !c.Well {
		if in.json {
			return &codeError{exitFailed}
		}
		return fmt.Errorf("a lab can't be made here before the failures above are cured")
	}
	return nil
}

// findingText is a finding in at most 80 columns: a mark, what was found and
// why it matters, and the cure below it.
func findingText(f preflight.Finding, style ui.Style) string {
	mark := map[preflight.Level]string{
		preflight.OK: style.Good("✔"), preflight.Unknown: "?",
		preflight.Warning: style.Odd("!"), preflight.Failure: style.Bad("✘"),
	}[f.Level]
	text := ui.Clean(f.What)
	if f.Why != "" {
		text += ": " + ui.Clean(f.Why)
	}
	var b strings.Builder
	for i, line := range ui.Wrap(text, 64) {
		head := "  " + strings.Repeat(" ", 12)
		if i == 0 {
			head = mark + " " + ui.Pad(f.Check, 12)
		}
		b.WriteString(head + line + "\n")
	}
	for _, cure := range f.Cures {
		for i, line := range ui.Wrap(ui.Clean(cure.String()), 61) {
			arrow := "→ "
			if i > 0 {
				arrow = "  "
			}
			b.WriteString(strings.Repeat(" ", 14) + arrow + line + "\n")
		}
	}
	return b.String()
}
