package app

import (
	"context"
	"time"

	"halab/internal/drill"
	"halab/internal/outage"
)

// CompareOrder says what is set against what.
type CompareOrder struct {
	Names     [2]string // of the sides
	Sides     [2]Setting
	Scenarios []string
	Rounds    int
	Attempts  int
	Seed      int64
}

// bringTime bounds the wait for a side's lab to be whole.
const bringTime = time.Minute

// Compare brings the lab up with each side in turn, and runs the scenarios once a
// round. A side that was never up has no result.
func (s *Session) Compare(ctx context.Context, o CompareOrder) ([2]*outage.Result, error) {
	m := measuring{s}
	var heads [2]*outage.Result
	var sides [2]drill.Side
	for i, name := range o.Names {
		sides[i] = drill.Side{Name: name, Bring: func(ctx context.Context) (*drill.Drill, error) {
			if _, err := (making{s, o.Sides[i]}).up(ctx, bringTime); err != nil {
				return nil, err
			}
			st, err := s.running(ctx)
			if err != nil {
				return nil, err
			}
			if heads[i], err = m.head(ctx, st); err != nil {
				return nil, err
			}
			heads[i].FloorMs = drill.FloorMs(st)
			return m.drills(drill.Options{Repeat: 1, Seed: o.Seed, Attempts: o.Attempts}), nil
		}}
	}
	pick := func(*drill.Drill) ([]drill.Scenario, error) {
		menu, err := s.Menu(ctx, nil)
		if err != nil {
			return nil, err
		}
		return choose(menu, o.Scenarios, s.emit)
	}
	results, err := drill.Compare(ctx, sides, pick, o.Rounds, o.Seed)
	for i, head := range heads {
		if head != nil {
			head.Scenarios = results[i]
		}
	}
	return heads, err
}
