package cli

import (
	"context"
	"fmt"
	"strings"

	"halab/internal/standing"
	"halab/internal/ui"
)

func (p *program) explainSpec() spec {
	return spec{
		name:    "explain",
		summary: "who is master of a VIP, and why",
		args:    []arg{{name: "CLUSTER", kind: aCluster, optional: true}},
		about: `
Asks each keepalived what it knows (SIGUSR1 and SIGUSR2, keepalived(8)), has the
client listen for adverts for a good second, and says who holds the VIP and why:
which priority is in force and which check has changed it, who is in FAULT and
for what, how many adverts were refused and for what reason, and what would make
the VIP move, by the files as the nodes have them.`,
		examples: []string{"halab explain", "halab explain frontend", "halab explain frontend-00 --json"},
		run:      p.explain,
	}
}

func (p *program) explain(ctx context.Context, in *input) error {
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	list, err := s.Explain(ctx, in.arg(0))
	if err != nil {
		return err
	}
	return s.answer(list, func() error { return s.writeStandings(list) })
}

func (s *session) writeStandings(list []standing.Standing) error {
	var out strings.Builder
	for i, one := range list {
		if i > 0 {
			out.WriteString("\n")
		}
		holders := strings.Join(one.Holders, " and ")
		switch len(one.Holders) {
		case 0:
			holders = s.out.Style.Bad("nobody")
		case 1:
			holders = s.out.Style.Good(ui.Clean(holders))
		default:
			holders = s.out.Style.Bad(ui.Clean(holders))
		}
		fmt.Fprintf(&out, "%s is held by %s\n", vipTitle(one.VIP, one.Address), holders)
		for _, why := range one.Why {
			head := "  - "
			for _, line := range ui.Wrap(ui.Clean(why), helpWidth-4) {
				out.WriteString(head + line + "\n")
				head = "    "
			}
		}
		t := ui.Table{Indent: "  "}
		for _, m := range one.Moves {
			t.Row(ui.Clean(m.Fault), ui.Clean(m.Text))
		}
		if len(one.Moves) > 0 {
			out.WriteString("  what would make it move, by the files:\n")
		}
		if err := t.Write(&out); err != nil {
			return err
		}
	}
	_, err := fmt.Fprint(s.stdout, out.String())
	return err
}
