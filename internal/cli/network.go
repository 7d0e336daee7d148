package cli

import (
	"context"
	"fmt"
	"strings"

	"halab/internal/ui"
)

func (p *program) networkSpec() spec {
	return spec{
		name:    "network",
		summary: "make or remove the lab's interfaces on the host",
		about: `
The lab's network needs an interface on the engine's host to stand on, and the
host needs one of its own to reach the lab. "halab up" and "halab down" take
care of both. By hand this is for a lab that plain Compose brings up: its
interfaces must be there first.`,
		examples: []string{"halab network up", "halab network down"},
		sub: []spec{
			{
				name: "up", summary: "make the parent interface and the host's own leg",
				about: `
Makes the pair of interfaces under the lab's network and the host's own leg on
it (an interface with an address there, so that curl works from the host), by a
short-lived container on the host's network. What is right already is left as it
is. Refuses where somebody else uses the subnet.`,
				examples: []string{"halab network up", "halab network up --parent eth0"},
				run:      p.networkUp,
			},
			{
				name: "down", summary: "remove them",
				about:    "Removes the interfaces that carry the lab's name as their alias, no others.",
				examples: []string{"halab network down"},
				run:      p.networkDown,
			},
		},
	}
}

func (p *program) networkUp(ctx context.Context, in *input) error {
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	w, err := s.NetworkUp(ctx)
	if err != nil {
		return err
	}
	return s.answer(w, func() error {
		leg := "the host has no leg on the network"
		if w.Leg != "" {
			leg = fmt.Sprintf("the host's leg %s has %s", w.Leg, w.LegAddress)
			if w.Unreachable != "" {
				leg += "; it can't be reached from here: " + w.Unreachable
			}
		}
		_, err := fmt.Fprintf(s.stdout, "the parent %s is there, %s\n", w.Parent, leg)
		return err
	})
}

func (p *program) networkDown(ctx context.Context, in *input) error {
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	w, err := s.NetworkDown(ctx)
	if err != nil {
		return err
	}
	return s.answer(w, func() error {
		text := "there was nothing to remove"
		if len(w.Removed) > 0 {
			text = "removed " + ui.Clean(strings.Join(w.Removed, ", "))
		}
		_, err := fmt.Fprintln(s.stdout, text)
		return err
	})
}
