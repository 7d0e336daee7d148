package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"halab/internal/lab"
	"halab/internal/plan"
	"halab/internal/preflight"
	"halab/internal/topology"
)

// UpResult is a lab that was brought up; its JSON form is public (docs/json.md).
type UpResult struct {
	Lab     string `json:"lab"`
	Base    string `json:"base"`
	Profile string `json:"profile"`
	URL     string `json:"url"`
	// Reachable says that the URL can be asked from here; halab curl can always.
	Reachable bool    `json:"reachable"`
	Seconds   float64 `json:"seconds"`

	Unreachable string `json:"-"` // why it can't be asked from here
}

// Up makes what is missing of the lab, mends what differs, and waits until it
// serves, but no longer than patience.
func (s *Session) Up(ctx context.Context, patience time.Duration) (UpResult, error) {
	begin := time.Now()
	p, err := making{s, s.Setting}.up(ctx, patience)
	if err != nil {
		return UpResult{}, err
	}
	l := &p.project.Lab
	front, _ := l.Front()
	up := UpResult{Lab: l.Name, Base: p.base, Profile: string(l.Profile), URL: front.URL(front.Path()), Seconds: time.Since(begin).Seconds()}
	up.Reachable, up.Unreachable = reach(s.lab, l, p.facts)
	return up, nil
}

// up prepares the lab and makes it.
func (m making) up(ctx context.Context, patience time.Duration) (*prepared, error) {
	p, err := m.prepare(ctx)
	if err != nil {
		return nil, err
	}
	want, err := m.want(ctx, p, patience)
	if err != nil {
		return nil, err
	}
	if err := m.s.lab.Up(ctx, want); err != nil {
		if ctx.Err() != nil {
			err = errors.Join(&InterruptedError{"what was made stays; halab up goes on from there, halab down removes it"}, err)
		}
		return nil, err
	}
	return p, nil
}

// Plan says what Up would do now, and changes nothing.
func (s *Session) Plan(ctx context.Context) (plan.Plan, error) {
	return making{s, s.Setting}.plan(ctx)
}

// reach says whether the VIPs can be asked from here, and if not, why.
func reach(made *lab.Lab, l *topology.Lab, f preflight.Facts) (reachable bool, why string) {
	if l.OnHosts() {
		return true, "" // on a network of its own, which halab knows nothing about
	}
	if made.Namespace() != "" {
		f.LearnNamespace(made.Namespace())
	}
	leg := fmt.Sprintf("the leg of the engine's host, %s,", l.Network.HostLeg)
	switch {
	case !l.Network.HostLeg.IsValid():
		return false, "the host has no leg on the lab's network"
	case !f.Local:
		return false, leg + " is on another machine"
	case f.Beside == preflight.No:
		return false, leg + " is in another network namespace"
	}
	return true, ""
}
