package fault

import (
	"fmt"

	"halab/internal/agentapi"
)

// loss drops a share of all frames, by the packet filter's random number: it
// needs no netem.
func loss() applier {
	return filterFault(agentapi.FaultLoss, func(_ Site, r agentapi.FaultRecord) (dropping, error) {
		if !(r.Percent > 0 && r.Percent <= 100) {
			return dropping{}, fmt.Errorf("%g %% can't be lost", r.Percent)
		}
		return directed(r.Direction, chance(r.Percent))
	})
}
