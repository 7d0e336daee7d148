package fault

import (
	"context"

	"halab/internal/topology"
)

// hang freezes every process of a service: its port stays open and nobody
// answers. The engine holds the processes; with a time to end at, the agent in
// the node does, and a node as a whole is a freeze.
func hang() Kind {
	return Kind{
		Name:    "hang",
		how:     true,
		On:      topology.Services(),
		Summary: "freeze it: ports stay open, nobody answers; a node freezes as a whole",
		blocked: notRunning,
		apply: func(ctx context.Context, i *Injector, s site) error {
			return i.engine.ContainerPause(ctx, s.container().ID)
		},
	}
}
