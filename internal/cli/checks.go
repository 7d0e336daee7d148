package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/app"
	"halab/internal/ui"
)

func (p *program) checksSpec() spec {
	return spec{
		name:    "checks",
		summary: "what check scripts say while HAProxy is up, dead and hung",
		args:    []arg{{name: "NODE|CLUSTER", kind: aMachine, optional: true}},
		about: `
Runs each vrrp_script of a node's keepalived.conf once while HAProxy runs, once
while it hangs and once when it is dead: inside the node, as the user that
keepalived would take, split as keepalived splits it, and no longer than its
timeout. With HAProxy up a check must end with 0, with HAProxy dead it must not;
that it does not see a hang is told. Notify scripts are not run.

Without a name, one node of each cluster is taken that does not hold the VIP, so
that no VIP moves. HAProxy is mended afterwards, after Ctrl-C as well.

Ends with 1 where a check can't tell a dead HAProxy from one that is up.`,
		examples: []string{"halab checks", "halab checks lb1", "halab checks --json"},
		run:      p.checks,
	}
}

func (p *program) checks(ctx context.Context, in *input) error {
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	tables, err := s.Checks(ctx, in.arg(0))
	if err != nil {
		return err
	}
	if err := s.answer(tables, func() error { return s.writeChecks(tables) }); err != nil {
		return err
	}
	if slices.ContainsFunc(tables, func(t app.CheckTable) bool { return !t.Tells() }) {
		return &codeError{exitFailed}
	}
	return nil
}

func (s *session) writeChecks(tables []app.CheckTable) error {
	var out strings.Builder
	for i, t := range tables {
		if i > 0 {
			out.WriteString("\n")
		}
		if t.None != "" {
			fmt.Fprintf(&out, "%s: %s\n", ui.Clean(t.Node), ui.Clean(t.None))
			continue
		}
		fmt.Fprintf(&out, "%s%s\n", ui.Clean(t.Node), checksHead(t))
		table := ui.Table{Indent: "  "}
		table.Row("CHECK", "UP", "DEAD", "HUNG", "AS", "VERDICT")
		for _, r := range t.Checks {
			paint := s.out.Style.Bad
			if r.Tells {
				paint = s.out.Style.Good
			}
			as := "-"
			if r.Up != nil {
				as = r.Up.User
			}
			table.Row(ui.Clean(r.Name), runWords(r.Up), runWords(r.Dead), runWords(r.Hung), ui.Clean(as), paint(ui.Clean(r.Verdict)))
		}
		if err := table.Write(&out); err != nil {
			return err
		}
		for _, r := range t.Checks {
			writeSaid(&out, r)
		}
	}
	_, err := fmt.Fprint(s.stdout, out.String())
	return err
}

// checksHead says whether the node held a VIP, which may have moved.
func checksHead(t app.CheckTable) string {
	if len(t.Held) == 0 {
		return ", which holds no VIP"
	}
	return ", which held " + ui.Clean(strings.Join(t.Held, " and ")) + " before"
}

// runWords is a run in a cell: its exit code and how long it took.
func runWords(r *agentapi.CheckRun) string {
	switch {
	case r == nil, r.Error != "":
		return "-"
	case r.TimedOut:
		return fmt.Sprintf("timeout, %.0f ms", r.Ms)
	case r.Signal != "":
		return fmt.Sprintf("%s, %.0f ms", r.Signal, r.Ms)
	}
	return fmt.Sprintf("%d, %.0f ms", r.Exit, r.Ms)
}

// writeSaid writes the last lines that a check said.
func writeSaid(out *strings.Builder, r app.CheckRow) {
	for _, at := range []struct {
		when string
		run  *agentapi.CheckRun
	}{{"up", r.Up}, {"dead", r.Dead}, {"hung", r.Hung}} {
		if at.run != nil && at.run.Last != "" {
			fmt.Fprintf(out, "  %s, %s: %s\n", ui.Clean(r.Name), at.when, ui.Clean(at.run.Last))
		}
	}
}
