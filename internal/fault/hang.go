package fault

import (
	"context"

	"halab/internal/topology"
)

// hang freezes every process of a service: its port stays open and nobody
// answers. A node freezes as a whole.
func hang() Kind {
	return Kind{
		Name:    "hang",
		On:      topology.Services(),
		Summary: "freeze it: ports stay open, nobody answers; a node freezes as a whole",
		blocked: notRunning,
		apply: func(ctx context.Context, i *Injector, s site) error {
			if s.service == topology.ServiceNode {
				return i.freeze(ctx, s)
			}
			return i.engine.ContainerPause(ctx, s.container().ID)
		},
	}
}

func (i *Injector) freeze(ctx context.Context, s site) error {
	services := topology.Services()
	errs := make([]error, len(services))
	each(len(services), func(n int) {
		if c, found := s.parts[services[n]]; found && notRunning(c.State) == "" {
			errs[n] = i.engine.ContainerPause(ctx, c.ID)
		}
	})
	return join(errs)
}
