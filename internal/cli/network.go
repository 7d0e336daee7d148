package cli

import (
	"context"
	"fmt"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/topology"
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
it, by a short-lived container on the host's network. What is right already is
left as it is. Refuses where somebody else uses the subnet.`,
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

// wiring is the answer of network up and down.
type wiring struct {
	Lab        string   `json:"lab"`
	Parent     string   `json:"parent,omitempty"`
	Leg        string   `json:"leg,omitempty"`
	LegAddress string   `json:"leg_address,omitempty"`
	Removed    []string `json:"removed,omitempty"`
}

// hostRequest says which interfaces a lab needs on the engine's host.
func hostRequest(l *topology.Lab) agentapi.NetworkRequest {
	r := agentapi.NetworkRequest{Lab: l.Name, Parent: l.Network.Parent, Subnet: l.Network.Subnet.String()}
	if l.Network.Own {
		r.Peer = l.Peer()
	}
	if l.Network.HostLeg.IsValid() {
		r.Leg, r.LegIP = l.Leg(), l.Network.HostLeg.String()
	}
	return r
}

func (p *program) networkUp(ctx context.Context, in *input) error {
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	w, err := s.workshop(ctx)
	if err != nil {
		return err
	}
	request := hostRequest(&w.project.Lab)
	if err := s.lab.HostUp(ctx, w.images["node"], request); err != nil {
		return err
	}
	answer := wiring{Lab: in.name, Parent: request.Parent, Leg: request.Leg, LegAddress: request.LegIP}
	return s.answer(answer, func() error {
		leg := "the host has no leg on the network"
		if answer.Leg != "" {
			leg = fmt.Sprintf("the host's leg %s has %s", answer.Leg, answer.LegAddress)
			if reachable, why := s.reach(&w.project.Lab, w.facts); !reachable {
				leg += "; it can't be reached from here: " + why
			}
		}
		_, err := fmt.Fprintf(s.stdout, "the parent %s is there, %s\n", answer.Parent, leg)
		return err
	})
}

func (p *program) networkDown(ctx context.Context, in *input) error {
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	image, err := s.lab.HelperImage(ctx, nil)
	if err != nil {
		return err
	}
	answer := wiring{Lab: in.name}
	if image != "" {
		l := topology.Lab{Name: in.name}
		request := agentapi.NetworkRequest{Lab: in.name, Parent: topology.OwnParent(in.name), Peer: l.Peer(), Leg: l.Leg()}
		if answer.Removed, err = s.lab.HostDown(ctx, image, request); err != nil {
			return err
		}
	}
	return s.answer(answer, func() error {
		text := "there was nothing to remove"
		if len(answer.Removed) > 0 {
			text = "removed " + ui.Clean(strings.Join(answer.Removed, ", "))
		}
		_, err := fmt.Fprintln(s.stdout, text)
		return err
	})
}
