package fault

import (
	"context"
	"errors"
	"strings"

	"halab/internal/effect"
	"halab/internal/topology"
)

// restart ends a service in order and starts it again. For a node that is a reboot:
// an engine that is asked to restart the node's container alone (docker restart)
// leaves its services down, since their processes ended with the node's and the
// network that they had joined is gone. So what joined it is started as well.
func restart() Kind {
	return Kind{
		Name:    "restart",
		how:     true,
		On:      topology.Services(),
		Summary: "end it in order and start it again; a node reboots, with the services that joined it",
		Man:     "systemctl(1)",
		did:     "restarted",
		sees: map[topology.Service]string{
			topology.ServiceHAProxy:    "the same as stop; HAProxy runs again by itself",
			topology.ServiceKeepalived: "the same as stop; keepalived runs again by itself",
			topology.ServiceApp:        "the VIP stays; HAProxy uses the other app until this one answers its checks again",
			topology.ServiceNode:       "the same as shutdown; the node is whole again by itself",
		},
		tells: map[topology.Service]string{
			topology.ServiceHAProxy:    "HAProxy on %s is restarted in order, as an operator would.",
			topology.ServiceKeepalived: "keepalived on %s is restarted and hands the VIP over.",
			topology.ServiceApp:        "The app on %s is restarted; HAProxy must use the other meanwhile.",
			topology.ServiceNode:       "%s reboots: it is shut down in order, starts, and what joined it starts again.",
		},
		effect:  func(o Order) effect.Effect { return effect.Restart(effect.Part(o.Service)) },
		blocked: notRunning,
		notes: func(s site) []string {
			if s.service != topology.ServiceNode {
				return nil
			}
			return []string{"started what joined it as well: " + joinedBy(s)}
		},
		apply: func(ctx context.Context, i *Injector, s site) error {
			if s.service != topology.ServiceNode {
				return errors.Join(i.engine.ContainerStop(ctx, s.container().ID, grace), i.engine.ContainerStart(ctx, s.container().ID))
			}
			if err := i.shutdown(ctx, s); err != nil {
				return err
			}
			return i.boot(ctx, s)
		},
	}
}

// boot starts a node that is down, and then all that joins it.
func (i *Injector) boot(ctx context.Context, s site) error {
	if err := i.engine.ContainerStart(ctx, s.container().ID); err != nil {
		return err
	}
	services := topology.Services()[1:]
	errs := make([]error, len(services))
	each(len(services), func(n int) {
		if c, found := s.parts[services[n]]; found {
			errs[n] = i.engine.ContainerStart(ctx, c.ID)
		}
	})
	return errors.Join(errs...)
}

// joinedBy names the services that run in the namespaces of a node.
func joinedBy(s site) string {
	var names []string
	for _, service := range topology.Services()[1:] {
		if _, found := s.parts[service]; found {
			names = append(names, string(service))
		}
	}
	return strings.Join(names, ", ")
}
