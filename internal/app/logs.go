package app

import (
	"context"

	"halab/internal/lab"
	"halab/internal/topology"
)

// Logs are the lines of a target.
type Logs struct {
	// Names are whose lines may come, in the order of the description.
	Names []string

	lab    *lab.Lab
	order  lab.LogOrder
	follow bool
}

// Logs finds the lines of a target, "" for all of the lab; with follow new ones as
// well, until ctx ends.
func (s *Session) Logs(ctx context.Context, target string, o lab.LogOrder, follow bool) (*Logs, error) {
	l := &Logs{lab: s.lab, order: o, follow: follow}
	switch target {
	case topology.Client:
		l.Names, l.order.Nodes = []string{target}, []string{target}
	case "":
		st, err := s.anything(ctx)
		if err != nil {
			return nil, err
		}
		for _, n := range st.Topology().Nodes() {
			l.Names = append(l.Names, n.Name)
		}
		l.Names = append(l.Names, topology.Client)
	default:
		st, err := s.running(ctx)
		if err != nil {
			return nil, err
		}
		if l.order.Nodes, err = st.Resolve(target); err != nil {
			return nil, err
		}
		l.Names = l.order.Nodes
	}
	tellClocks(s.emit, clocks(ctx, s.engine))
	return l, nil
}

// anything reads the lab, of which something must be there: a helper or client
// without nodes may still have something to say.
func (s *Session) anything(ctx context.Context) (*lab.Status, error) {
	st, err := s.lab.Status(ctx)
	if err == nil && len(st.Clusters) == 0 {
		all, lerr := s.lab.Containers(ctx)
		if lerr != nil || len(all) == 0 {
			return nil, s.notUp()
		}
	}
	return st, err
}

// Each hands the lines over in the order in which they were written.
func (l *Logs) Each(ctx context.Context, take func(lab.LogEntry) error) error {
	last, err := l.lab.Logs(ctx, l.order, take)
	if err != nil || !l.follow {
		return err
	}
	return l.lab.Follow(ctx, l.order, last, take)
}
