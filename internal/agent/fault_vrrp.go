package agent

import "halab/internal/agentapi"

// dropVRRP drops VRRP and nothing else.
func dropVRRP() nodeFault {
	return filterFault(agentapi.FaultDropVRRP, func(_ faultSite, r agentapi.FaultRecord) (dropping, error) {
		return directed(r.Direction, vrrp())
	})
}
