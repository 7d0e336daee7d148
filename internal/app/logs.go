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
		st, err := s.lab.Look(ctx)
		switch {
		case err != nil:
			return nil, err
		case len(st.Containers) == 0: // a helper or client without nodes may have something to say
			return nil, s.notUp()
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

// Each hands the lines over in the order in which they were written.
func (l *Logs) Each(ctx context.Context, take func(lab.LogEntry) error) error {
	last, err := l.lab.Logs(ctx, l.order, take)
	if err != nil || !l.follow {
		return err
	}
	return l.lab.Follow(ctx, l.order, last, take)
}
