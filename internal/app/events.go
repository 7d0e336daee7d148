package app

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"halab/internal/lab"
	"halab/internal/live"
	"halab/internal/topology"
)

// EventOrder selects what happens in a lab.
type EventOrder struct {
	Target string      // a node, a cluster or its VIP's name, or the client; "": everything
	Kinds  []live.Kind // none: all
	Rate   float64     // probes a second at each VIP
}

const (
	// enginePatience is how long an engine that went away is waited for: a restart
	// takes some seconds.
	enginePatience = time.Minute
	// behind is how many events a viewer may fall behind: a terminal that was stopped
	// (Ctrl-S) for a while, in a lab that is broken meanwhile.
	behind = 4096
)

// Feed is what happens in the lab, for any number of viewers.
func (s *Session) Feed(rate float64) *live.Feed {
	return live.New(s.lab, s.engine, live.Options{Rate: rate, Patience: enginePatience})
}

// Events hands over what happens from now on, until ctx or take ends it, or the engine
// is gone for good. The lab need not be there.
func (s *Session) Events(ctx context.Context, o EventOrder, take func(live.Event) error) error {
	about, err := s.about(ctx, o.Target)
	if err != nil {
		return err
	}
	begins := sync.OnceFunc(func() { s.emit.Info("lab "+s.Name, "followed from now on") })
	return s.each(ctx, s.Feed(o.Rate), func(e live.Event) error {
		if e.Kind == live.State {
			begins()
			return nil
		}
		if len(o.Kinds) > 0 && !slices.Contains(o.Kinds, e.Kind) || e.Kind != live.Lab && !about(e) {
			return nil
		}
		return take(e)
	})
}

// about says which events are a target's.
func (s *Session) about(ctx context.Context, target string) (func(live.Event) bool, error) {
	switch target {
	case "":
		return func(live.Event) bool { return true }, nil
	case topology.Client:
		return func(e live.Event) bool { return e.Node == target }, nil
	}
	l, err := s.Known(ctx)
	switch {
	case err != nil:
		return nil, err
	case l == nil:
		return nil, s.notUp()
	}
	if c, err := l.ResolveCluster(target); err == nil {
		return func(e live.Event) bool { return e.Cluster == c.Name }, nil
	}
	_, err = l.Resolve(target, nil) // a VIP's name is its cluster, above
	return func(e live.Event) bool { return e.Node == target }, err
}

// Watch hands the lab over as it is, and then each change, until ctx or take ends it.
func (s *Session) Watch(ctx context.Context, take func(*lab.State) error) error {
	return s.each(ctx, s.Feed(0), func(e live.Event) error {
		switch {
		case e.State != nil:
			return take(e.State)
		case e.Kind == live.Lab && e.Action == live.Lost:
			s.emit.Warn("engine", "it does not answer: "+e.Detail)
		}
		return nil
	})
}

// each reads a feed; after a fall behind it says so and goes on from then.
func (s *Session) each(ctx context.Context, feed *live.Feed, take func(live.Event) error) error {
	for {
		err := read(ctx, feed, take)
		if !errors.Is(err, live.ErrSlow) {
			return err
		}
		s.emit.Warn("events", err.Error())
	}
}

func read(ctx context.Context, feed *live.Feed, take func(live.Event) error) error {
	r := feed.Subscribe(behind)
	defer r.Close()
	for {
		e, err := r.Next(ctx)
		if err == nil {
			err = take(e)
		}
		if err != nil {
			return err
		}
	}
}
