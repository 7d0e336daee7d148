package app

import (
	"context"

	"halab/internal/agentapi"
	"halab/internal/topology"
)

// Wiring are the lab's interfaces on the engine's host; its JSON form is public
// (docs/json.md).
type Wiring struct {
	Lab        string   `json:"lab"`
	Parent     string   `json:"parent,omitempty"`
	Leg        string   `json:"leg,omitempty"`
	LegAddress string   `json:"leg_address,omitempty"`
	Removed    []string `json:"removed,omitempty"`

	Unreachable string `json:"-"` // why the leg is of no use from here
}

// NetworkUp makes them.
func (s *Session) NetworkUp(ctx context.Context) (Wiring, error) {
	p, err := making{s, s.Setting}.prepare(ctx)
	if err != nil {
		return Wiring{}, err
	}
	request := hostRequest(&p.project.Lab)
	if err := s.lab.HostUp(ctx, p.images["node"], request); err != nil {
		return Wiring{}, err
	}
	w := Wiring{Lab: s.Name, Parent: request.Parent, Leg: request.Leg, LegAddress: request.LegIP}
	_, w.Unreachable = reach(s.lab, &p.project.Lab, p.facts)
	return w, nil
}

// NetworkDown removes them.
func (s *Session) NetworkDown(ctx context.Context) (Wiring, error) {
	w := Wiring{Lab: s.Name}
	image, err := s.lab.HelperImage(ctx, nil)
	if err != nil || image == "" {
		return w, err // without an image there was no helper that could have made any
	}
	l := topology.Lab{Name: s.Name}
	request := agentapi.NetworkRequest{Lab: s.Name, Parent: topology.OwnParent(s.Name), Peer: l.Peer(), Leg: l.Leg()}
	w.Removed, err = s.lab.HostDown(ctx, image, request)
	return w, err
}
