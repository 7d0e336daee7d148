package app

import (
	"context"
	"strings"

	"halab/internal/engine"
	"halab/internal/problem"
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
	st, err := s.lab.Look(ctx)
	if err != nil {
		return engine.Container{}, err
	}
	if target == topology.Client {
		return clientOf(st)
	}
	if len(st.Clusters) == 0 {
		return engine.Container{}, s.notUp()
	}
	nodes, err := st.Resolve(target)
	if err != nil {
		return engine.Container{}, err
	}
	if len(nodes) != 1 {
		return engine.Container{}, Usage("a shell is on one machine, and %s are %d; name one of them: %s",
			target, len(nodes), strings.Join(nodes, ", "))
	}
	c, found := st.Container(nodes[0], topology.ServiceNode)
	switch {
	case !found:
		return c, problem.New("%s of lab %s has no container of its own any more", nodes[0], s.Name).Cure("make it anew", "halab up")
	case c.State != engine.StateRunning:
		return c, problem.New("%s is %s, nothing can be run there", nodes[0], c.State).
			Cure("restore it first", "halab restore "+nodes[0])
	}
	return c, nil
}
