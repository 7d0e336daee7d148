package fault

import (
	"context"

	"halab/internal/effect"
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
		Man:     "cgroups(7); signal(7)",
		did:     "froze",
		sees: map[topology.Service]string{
			topology.ServiceHAProxy:    "requests wait; in profile fast it is noticed within 0.1 s and the VIP moves; a check that only looks for the process never notices",
			topology.ServiceKeepalived: "the VIP stays on the interface, and the other node takes it as well: two holders",
			topology.ServiceApp:        "the VIP stays; requests wait until HAProxy gives up on the server; with retry-on (2.0 and newer) it repeats them at the other app",
			topology.ServiceNode:       "the other node takes the VIP, this one has it still: two holders, but only one answers",
		},
		tells: map[topology.Service]string{
			topology.ServiceHAProxy:    "HAProxy on %s freezes: its port is open and nobody answers.",
			topology.ServiceKeepalived: "keepalived on %s freezes: the VIP stays on the interface, and two nodes have it.",
			topology.ServiceApp:        "The app on %s freezes with requests in its hands.",
			topology.ServiceNode:       "%s freezes as a whole.",
		},
		effect:  func(o Order) effect.Effect { return effect.Hang(effect.Part(o.Service)) },
		blocked: notRunning,
		apply: func(ctx context.Context, i *Injector, s site) error {
			return i.engine.ContainerPause(ctx, s.container().ID)
		},
	}
}
