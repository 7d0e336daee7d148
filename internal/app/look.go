package app

import (
	"context"

	"halab/internal/engine"
	"halab/internal/lab"
	"halab/internal/problem"
	"halab/internal/topology"
)

// Look reads the lab, which need not be there. Of nodes that are hosts of their
// own it also says how far their clocks are off.
func (s *Session) Look(ctx context.Context) (*lab.State, error) {
	offsets := clocks(ctx, s.engine)
	st, err := s.lab.Look(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range st.Clusters {
		for i := range c.Nodes {
			if clock, known := offsets[c.Nodes[i].Name]; known {
				c.Nodes[i].ClockOffset, c.Nodes[i].ClockWithin = new(clock.Offset.Seconds()), new(clock.Within.Seconds())
			}
		}
	}
	return st, nil
}

// Known is the running lab where it can be asked before ctx ends, else that of the
// description; nil where there is neither.
func (w World) Known(ctx context.Context, set Setting) *topology.Lab {
	if s, err := Open(ctx, w, set, nil); err == nil {
		defer s.Close()
		if l, err := s.Known(ctx); err == nil {
			return l
		}
	}
	return set.Topology(context.WithoutCancel(ctx))
}

// Known is the running lab, else that of the description; nil where there is neither.
func (s *Session) Known(ctx context.Context) (*topology.Lab, error) {
	st, err := s.lab.Look(ctx)
	if err != nil {
		return nil, err
	}
	if len(st.Clusters) > 0 {
		return st.Topology(), nil
	}
	return s.Topology(context.WithoutCancel(ctx)), nil
}

// running reads the lab, which must be there.
func (s *Session) running(ctx context.Context) (*lab.State, error) {
	st, err := s.lab.Look(ctx)
	if err != nil {
		return nil, err
	}
	if len(st.Clusters) == 0 {
		return nil, s.notUp()
	}
	return st, nil
}

func (s *Session) notUp() error {
	return problem.New("lab %s is not up: the engine has none of its nodes", s.Name).Cure("bring it up", "halab up")
}

// Info describes the engine.
func (s *Session) Info(ctx context.Context) (engine.Info, error) { return s.engine.Info(ctx) }
