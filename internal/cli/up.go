package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"halab/internal/ui"
)

func (p *program) upSpec() spec {
	return spec{
		name:    "up",
		summary: "bring the lab up, or mend what differs, and wait until it serves",
		about: `
Builds what is missing, makes the network, the nodes and their services, and
waits until the lab is whole: everything runs, every VIP has one holder, every
server is up, and a request to the front VIP is answered through every tier. Run
again, it mends what differs from the description and leaves the rest. It can be
interrupted at any point: the next up goes on from there, and down removes it.`,
		examples: []string{"halab up", "halab up -c mine", "halab up --profile classic", "halab up --dry-run", "halab up --name two --subnet 192.168.77.0/24"},
		flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Usage: "print what would be done, and why, and do nothing"},
			&cli.DurationFlag{Name: "timeout", Usage: "give up waiting for a whole lab after `TIME`", Value: 60 * time.Second},
		},
		run: p.up,
	}
}

func (p *program) up(ctx context.Context, in *input) error {
	begin := time.Now()
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	if in.flags.Bool("dry-run") {
		return s.dryRun(ctx)
	}
	up, err := s.Up(ctx, in.flags.Duration("timeout"))
	if err != nil {
		return err
	}
	return s.answer(up, func() error {
		ask := "  curl " + up.URL
		if !up.Reachable {
			ask = "  " + s.in.selection.command("halab curl") + "   # asks " + up.URL + " from inside; " + up.Unreachable
		}
		_, err := fmt.Fprintf(s.stdout, "lab %s is up after %s (base %s, profile %s)\n\n%s\n  %s\n",
			up.Lab, ui.Seconds(time.Since(begin)), up.Base, up.Profile, ask, s.in.selection.command("halab status"))
		return err
	})
}
