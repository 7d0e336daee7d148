package lab

import (
	"context"
	"slices"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
)

// NodeEvents reads what the nodes of a lab reported since a moment of the engine's
// clock, in the order of their own clocks. A node that was down meanwhile has
// told what it could before and after.
func (l *Lab) NodeEvents(ctx context.Context, s *State, since time.Time) ([]agentapi.Event, error) {
	nodes := ranked(nodeContainers(s.Containers))
	lists := make([][]agentapi.Event, len(nodes))
	g := newGroup(ctx, max(1, len(nodes)))
	for i, c := range nodes {
		g.run(func(ctx context.Context) (err error) {
			lists[i], err = l.events(ctx, c.ID, since)
			if l.lost(err) {
				return nil // a host that was cut off has told what it could
			}
			return gone(err)
		})
	}
	if err := g.wait(); err != nil {
		return nil, err
	}
	events := slices.Concat(lists...)
	slices.SortStableFunc(events, func(a, b agentapi.Event) int { return int(a.Mono - b.Mono) })
	return events, nil
}

func (l *Lab) events(ctx context.Context, id string, since time.Time) ([]agentapi.Event, error) {
	var list []agentapi.Event
	err := l.engine.Logs(ctx, id, engine.LogOptions{Since: since, Tail: -1}, func(line engine.LogLine) error {
		if e, ok := agentapi.ParseEvent(line.Text); ok {
			list = append(list, e)
		}
		return nil
	})
	return list, err
}
