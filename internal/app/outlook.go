package app

import (
	"context"
	"fmt"

	"halab/internal/drill"
	"halab/internal/fault"
	"halab/internal/lab"
	"halab/internal/live"
	"halab/internal/outage"
)

// ProbedFeed is what happens in the lab, for any number of viewers, through restarts
// of the engine however long; probed is told every probe.
func (s *Session) ProbedFeed(rate float64, probed func(live.Probe)) *live.Feed {
	return live.New(s.lab, s.engine, live.Options{Rate: rate, Probed: probed})
}

// Powered says whether a node can be switched off.
func (s *Session) Powered() bool { return len(s.power) > 0 }

// Outlook is what faults would cost the lab as its daemons are configured.
type Outlook struct {
	lab *lab.Lab
	of  *drill.Outlook
}

// Outlook reads the files of all daemons.
func (s *Session) Outlook(ctx context.Context) (*Outlook, error) {
	st, err := s.running(ctx)
	if err != nil {
		return nil, err
	}
	of, err := measuring{s}.drills(drill.Options{}).Outlook(ctx, st)
	return &Outlook{s.lab, of}, err
}

// Foreseen is what a fault is expected to cost at the VIP of a cluster; its JSON form
// is public (docs/ui.md).
type Foreseen struct {
	Node        string              `json:"node,omitempty"`   // that would be hit
	Holder      string              `json:"holder,omitempty"` // of the VIP now
	Predictions []outage.Prediction `json:"predictions"`
	None        string              `json:"none,omitempty"` // why the outage is not predicted
}

// Of says what an order on a target would cost, with the VIP where it is now.
func (o *Outlook) Of(ctx context.Context, target string, order fault.Order) (Foreseen, error) {
	f := Foreseen{Predictions: []outage.Prediction{}}
	st, err := o.lab.Look(ctx)
	if err != nil {
		return f, err
	}
	nodes, err := st.Resolve(target)
	if err != nil {
		return f, err
	}
	if len(nodes) != 1 {
		f.None = fmt.Sprintf("%d nodes are hit at once: arithmetic is for one", len(nodes))
		return f, nil
	}
	f.Node = nodes[0]
	for _, c := range st.Clusters {
		for _, n := range c.Nodes {
			if n.Name != f.Node {
				continue
			}
			if len(c.VIP.Holders) != 1 {
				f.None = fmt.Sprintf("%d nodes hold %s: arithmetic begins with one", len(c.VIP.Holders), c.VIP.Name)
				return f, nil
			}
			f.Holder = c.VIP.Holders[0]
			expected, err := o.of.Of(order.Effect(), c.Name, f.Node, f.Holder)
			f.Predictions, f.None = append(f.Predictions, expected.List...), expected.None
			return f, err
		}
	}
	return f, nil
}
