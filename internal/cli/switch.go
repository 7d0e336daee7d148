package cli

import (
	"context"
	"fmt"

	"halab/internal/ui"
)

func (p *program) switchSpec() spec {
	return spec{
		name:    "switch",
		summary: "move a cluster's VIP to the other node, gently",
		args:    []arg{{name: "CLUSTER", kind: aCluster}, {name: "NODE", kind: aNode, optional: true}},
		about: `
A planned move: the node that holds the cluster's VIP hands it over to NODE, or
to the next one, as gently as keepalived can be made to do it, and stays ready
to take it back. In profile classic keepalived follows no file that asks for the
VIP, and a switch is refused.`,
		examples: []string{"halab switch frontend", "halab switch backend backend-01"},
		run:      p.switchVIP,
	}
}

func (p *program) switchVIP(ctx context.Context, in *input) error {
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	done, err := s.Switch(ctx, in.arg(0), in.arg(1))
	if err != nil {
		return err
	}
	return s.answer(done, func() error {
		_, err := fmt.Fprintf(s.stdout, "%s moved from %s to %s\n", ui.Clean(done.VIP), ui.Clean(done.From), s.out.Style.Good(ui.Clean(done.To)))
		return err
	})
}
