package app

import (
	"context"
	"fmt"
	"strings"

	"halab/internal/engine"
	"halab/internal/topology"
)

// Shell finds the one machine that a target names, and returns what runs commands
// there.
func (s *Session) Shell(ctx context.Context, target string) (func(context.Context, engine.ExecSpec) (int, error), error) {
	c, err := s.machine(ctx, target)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, spec engine.ExecSpec) (int, error) { return s.engine.Exec(ctx, c.ID, spec) }, nil
}

func (s *Session) machine(ctx context.Context, target string) (engine.Container, error) {
	if target == topology.Client {
		return s.clientContainer(ctx)
	}
	st, err := s.running(ctx)
	if err != nil {
		return engine.Container{}, err
	}
	nodes, err := st.Resolve(target)
	if err != nil {
		return engine.Container{}, err
	}
	if len(nodes) != 1 {
		return engine.Container{}, Usage("a shell is on one machine, and %s are %d; name one of them: %s",
			target, len(nodes), strings.Join(nodes, ", "))
	}
	return s.nodeContainer(ctx, nodes[0])
}

func (s *Session) nodeContainer(ctx context.Context, node string) (engine.Container, error) {
	all, err := s.lab.Containers(ctx)
	if err != nil {
		return engine.Container{}, err
	}
	for _, c := range all {
		if c.Labels[engine.LabelNode] == node && c.Labels[engine.LabelService] == string(topology.ServiceNode) {
			if c.State != engine.StateRunning {
				return c, fmt.Errorf("%s is %s, nothing can be run there\n  mend it first:  halab restore %s", node, c.State, node)
			}
			return c, nil
		}
	}
	return engine.Container{}, fmt.Errorf("%s of lab %s has no container of its own any more\n  make it anew:  halab up", node, s.Name)
}
