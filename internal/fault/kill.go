package fault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/effect"
	"halab/internal/engine"
	"halab/internal/topology"
)

// kill ends a service at once with SIGKILL. A node crashes: the kernel ends
// everything in its PID namespace with its first process.
func kill() Kind {
	return Kind{
		Name:    "kill",
		how:     true,
		On:      topology.Services(),
		Summary: "SIGKILL all of its processes at once; a node crashes",
		Man:     "signal(7)",
		did:     "killed",
		sees: map[topology.Service]string{
			topology.ServiceHAProxy:    "connections are refused until the VIP has moved, which it does only where keepalived checks HAProxy",
			topology.ServiceKeepalived: "the VIP stays on the interface, and the other node takes it as well: two holders",
			topology.ServiceApp:        "the VIP stays; HAProxy uses the other app, and with retry-on (2.0 and newer) repeats there what the dead one had in hand",
			topology.ServiceNode:       "the other node takes the VIP once it has missed enough adverts",
		},
		tells: map[topology.Service]string{
			topology.ServiceHAProxy:    "HAProxy on %s dies at once (SIGKILL).",
			topology.ServiceKeepalived: "keepalived on %s dies with its children: the VIP stays behind on the interface, and two nodes have it.",
			topology.ServiceApp:        "The app on %s dies in the middle of its requests.",
			topology.ServiceNode:       "%s crashes: everything on it ends in one moment.",
		},
		effect: func(o Order) effect.Effect { return effect.Kill(effect.Part(o.Service)) },
		blocked: func(s engine.State) string {
			if s == engine.StatePaused {
				return "" // SIGKILL ends a frozen process as well
			}
			return notRunning(s)
		},
		apply: func(ctx context.Context, i *Injector, s site) error {
			switch s.service {
			case topology.ServiceNode:
				return i.crash(ctx, s)
			case topology.ServiceKeepalived:
				return i.killTogether(ctx, s)
			}
			return i.engine.ContainerKill(ctx, s.container().ID, "KILL")
		},
	}
}

// crash kills PID 1 of the node. A service that is frozen could not die with
// it, so it is thawed into its death.
//
// A machine without power says nothing, while a kernel that ends a process closes its
// connections: a client was told of a killed node by a FIN, where after a real crash it
// waits for an answer. So the node is frozen first, and killed behind that silence. What
// freezes it is recorded, for a restore after a halab that was killed in between; where
// it can't be done the kill is all there is.
//
// The network of a node that is a host does not end with it. There the agent
// stops everything and takes the VIP off the interface first, so that for the
// others the machine falls silent; what can't be done so is left to restore.
func (i *Injector) crash(ctx context.Context, s site) error {
	var swept error
	switch node := s.container(); {
	case node.State != engine.StateRunning:
	case node.Endpoint != "":
		swept = i.agentRuns(ctx, node, agentapi.CommandCrash)
	default:
		_, _ = i.applyInside(ctx, node, agentapi.FaultRequest{ID: newID(agentapi.FaultFreeze), Fault: agentapi.FaultFreeze})
	}
	var frozen []string
	for _, service := range topology.Services()[1:] {
		if c, found := s.parts[service]; found && c.State == engine.StatePaused {
			frozen = append(frozen, c.ID)
		}
	}
	errs := make([]error, 1+len(frozen))
	each(len(errs), func(n int) {
		if n == 0 {
			errs[0] = i.engine.ContainerKill(ctx, s.container().ID, "KILL")
			return
		}
		if err := i.engine.ContainerKill(ctx, frozen[n-1], "KILL"); !errors.Is(err, engine.ErrConflict) {
			errs[n] = err // in conflict is what ended with its node meanwhile
		}
	})
	return errors.Join(append(errs, swept)...)
}

// killTogether ends keepalived's parent and children in one moment, from inside
// the node: were only the parent killed, the children would be told and resign,
// which is a stop.
func (i *Injector) killTogether(ctx context.Context, s site) error {
	if s.container().State == engine.StatePaused {
		return i.engine.ContainerKill(ctx, s.container().ID, "KILL")
	}
	node, err := s.machine()
	if err != nil {
		return err
	}
	return i.agentRuns(ctx, node, agentapi.CommandKill, string(s.service))
}

// agentRuns has the agent in a node do something.
func (i *Injector) agentRuns(ctx context.Context, node engine.Container, words ...string) error {
	var errs bytes.Buffer
	code, err := i.engine.Exec(ctx, node.ID, engine.ExecSpec{
		Command: append([]string{agentapi.BinaryPath, "agent"}, words...),
		Stderr:  &errs,
	})
	if err == nil && code != 0 {
		err = fmt.Errorf("the agent on the node says: %s", strings.TrimSpace(errs.String()))
	}
	return err
}
