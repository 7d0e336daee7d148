package agent

import (
	"errors"

	"halab/internal/agentapi"
)

// dropARP drops the gratuitous ARPs of the VIP that a node sends: the VIP
// moves, and nobody is told.
func dropARP() nodeFault {
	return filterFault(agentapi.FaultDropARP, func(s faultSite, _ agentapi.FaultRecord) (dropping, error) {
		var d dropping
		for _, vip := range s.vips {
			d.out = append(d.out, announces(vip))
		}
		if len(d.out) == 0 {
			return d, errors.New("the node's environment names no VIP, so no gratuitous ARP can be told from others")
		}
		return d, nil
	})
}
