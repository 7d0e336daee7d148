package fault

import (
	"errors"

	"halab/internal/agentapi"
)

// partition cuts a node off from others: their frames are dropped as they come
// in, whatever is in them. A node that runs an agent drops what comes to it on
// its own side, so that broadcasts and multicasts are cut off too.
func partition() applier {
	return filterFault(agentapi.FaultPartition, func(_ Site, r agentapi.FaultRecord) (dropping, error) {
		var d dropping
		for _, p := range r.Peers {
			from, err := macIs(etherFrom, p.MAC)
			if err != nil {
				return d, err
			}
			to, err := macIs(etherTo, p.MAC)
			if err != nil {
				return d, err
			}
			if p.In {
				d.in = append(d.in, from)
			}
			if p.Out {
				d.out = append(d.out, to)
			}
		}
		if len(d.in)+len(d.out) == 0 {
			return d, errors.New("a partition needs somebody to be cut off from")
		}
		return d, nil
	})
}
