package fault

import (
	"context"
	"errors"
	"time"

	"halab/internal/effect"
	"halab/internal/engine"
	"halab/internal/topology"
)

// grace is how long a service may take to end when it is asked to.
const grace = 5 * time.Second

// stop ends a service as `systemctl stop` does. For a node it is an orderly
// shutdown: keepalived first, so that it hands its VIP over, then the others,
// then the machine.
func stop() Kind {
	return Kind{
		Name:    "stop",
		how:     true,
		On:      topology.Services(),
		Summary: "end it in order, as systemctl stop does; a node shuts down",
		Man:     "systemctl(1)",
		did:     "stopped",
		sees: map[topology.Service]string{
			topology.ServiceHAProxy:    "in profile fast the VIP is handed over before HAProxy ends; elsewhere connections are refused until a check of keepalived has failed",
			topology.ServiceKeepalived: "keepalived says that it ends, and the other node takes the VIP at once",
			topology.ServiceApp:        "the VIP stays; HAProxy takes the server down and uses the other one",
			topology.ServiceNode:       "hardly anything: the VIP moves before anything ends",
		},
		tells: map[topology.Service]string{
			topology.ServiceHAProxy:    "HAProxy on %s is stopped in order, as an operator would.",
			topology.ServiceKeepalived: "keepalived on %s is stopped and hands the VIP over.",
			topology.ServiceApp:        "The app on %s is stopped; HAProxy must use the other.",
			topology.ServiceNode:       "%s is shut down: keepalived hands the VIP over, then the services end, then the machine.",
		},
		effect:  func(o Order) effect.Effect { return effect.Stop(effect.Part(o.Service)) },
		blocked: notRunning,
		apply: func(ctx context.Context, i *Injector, s site) error {
			if s.service == topology.ServiceNode {
				return i.shutdown(ctx, s)
			}
			return i.engine.ContainerStop(ctx, s.container().ID, grace)
		},
	}
}

func (i *Injector) shutdown(ctx context.Context, s site) error {
	for _, wave := range [][]topology.Service{
		{topology.ServiceKeepalived},
		{topology.ServiceHAProxy, topology.ServiceApp},
		{topology.ServiceNode},
	} {
		errs := make([]error, len(wave))
		each(len(wave), func(n int) {
			c, found := s.parts[wave[n]]
			if !found || !alive(c.State) {
				return
			}
			if c.State == engine.StatePaused {
				errs[n] = i.engine.ContainerUnpause(ctx, c.ID)
			}
			if errs[n] == nil {
				errs[n] = i.engine.ContainerStop(ctx, c.ID, grace)
			}
		})
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
	return nil
}

func alive(s engine.State) bool { return s == engine.StateRunning || s == engine.StatePaused }

// notRunning blocks a fault on what does not run.
func notRunning(s engine.State) string {
	switch s {
	case engine.StateRunning:
		return ""
	case engine.StatePaused:
		return "frozen already"
	case engine.StateExited:
		return "down already"
	}
	return "not running (" + string(s) + ")"
}
