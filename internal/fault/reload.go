package fault

import (
	"context"

	"halab/internal/agentapi"
	"halab/internal/effect"
	"halab/internal/engine"
	"halab/internal/problem"
	"halab/internal/topology"
)

// reload has a daemon read its file again. Nothing is broken by it and nothing is
// to be undone; a drill shows whether anything was lost.
func reload() Kind {
	return Kind{
		Name:    "reload",
		how:     true,
		On:      []topology.Service{topology.ServiceHAProxy, topology.ServiceKeepalived},
		Summary: "have it read its file again, as systemctl reload does; nothing is to be undone",
		Man:     "HAProxy's management guide, section 4; keepalived(8)",
		did:     "reloaded",
		sees: map[topology.Service]string{
			topology.ServiceHAProxy:    "nothing: requests and the VIP stay; before 1.8 a connection is reset now and then",
			topology.ServiceKeepalived: "nothing: the VIP stays, and nobody is elected",
		},
		tells: map[topology.Service]string{
			topology.ServiceHAProxy:    "HAProxy on %s reads its file again: a new process takes the listeners over.",
			topology.ServiceKeepalived: "keepalived on %s reads its file again and stays master.",
		},
		effect:  func(o Order) effect.Effect { return effect.Reload(effect.Part(o.Service)) },
		blocked: notRunning,
		apply: func(ctx context.Context, i *Injector, s site) error {
			node, err := s.machine()
			if err != nil {
				return err
			}
			return i.agentRuns(ctx, node, agentapi.CommandReload, string(s.service))
		},
	}
}

// machine is the node's own container, which must run for anything to be done inside.
func (s site) machine() (engine.Container, error) {
	node, found := s.parts[topology.ServiceNode]
	if !found || node.State != engine.StateRunning {
		return node, problem.New("its node does not run, so nothing can be done inside it").Cure("restore it first", "halab restore "+s.node)
	}
	return node, nil
}
