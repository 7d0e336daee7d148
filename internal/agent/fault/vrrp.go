package fault

import "halab/internal/agentapi"

// dropVRRP drops VRRP and nothing else.
func dropVRRP() applier {
	return filterFault(agentapi.FaultDropVRRP, func(_ Site, r agentapi.FaultRecord) (dropping, error) {
		return directed(r.Direction, vrrp())
	})
}
