package drill

import (
	"context"
	"slices"

	"halab/internal/fault"
	"halab/internal/lab"
	"halab/internal/topology"
)

// roll has both daemons of each node read their files again: of the nodes that don't
// hold the VIP first, as an operator brings a change in, and of the holder at last. In
// between the lab is watched as after a fault: two nodes whose files differ may both be
// master meanwhile.
func (d *Drill) roll(ctx context.Context, s *scene) error {
	return d.strike(ctx, s, func(ctx context.Context) error {
		for n, node := range rollingOrder(s.before, s.sc.Cluster) {
			if n > 0 {
				if err := lab.Pause(ctx, d.timing.settle); err != nil {
					return err
				}
			}
			if err := d.reload(ctx, node); err != nil {
				return err
			}
		}
		return nil
	})
}

// reload has both daemons of a node read their files again.
func (d *Drill) reload(ctx context.Context, node string) error {
	for _, service := range []topology.Service{topology.ServiceHAProxy, topology.ServiceKeepalived} {
		order, err := fault.Parse([]string{string(service), "reload"})
		if err != nil {
			return err
		}
		status, err := d.lab.Look(ctx)
		if err != nil {
			return err
		}
		if _, err := d.breaker.Inject(ctx, status, []string{node}, nil, order); err != nil {
			return err
		}
	}
	return nil
}

// rollingOrder lists the nodes of a cluster, those that hold its VIP last.
func rollingOrder(s *lab.State, cluster string) []string {
	var first, last []string
	for _, c := range s.Clusters {
		if c.Name != cluster {
			continue
		}
		for _, n := range c.Nodes {
			if slices.Contains(c.VIP.Holders, n.Name) {
				last = append(last, n.Name)
			} else {
				first = append(first, n.Name)
			}
		}
	}
	return append(first, last...)
}
