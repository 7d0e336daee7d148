package agent

import (
	"fmt"
	"os"
	"slices"

	"halab/internal/agentapi"
	"halab/internal/slice"
	"halab/internal/topology"
)

// prompt lets what must react in milliseconds be run as soon as it wakes: the
// observer and process 1 always, the daemons in the fast profile. classic keeps
// the scheduling of 2015.
func prompt(command string, out output) {
	watching := []string{agentapi.CommandNode, agentapi.CommandObserve}
	serving := []string{agentapi.CommandHAProxy, agentapi.CommandKeepalived}
	classic := os.Getenv(agentapi.EnvProfile) == string(topology.ProfileClassic)
	if !slices.Contains(watching, command) && (classic || !slices.Contains(serving, command)) {
		return
	}
	if err := slice.Short(); err != nil {
		fmt.Fprintln(out.story, "halab agent: timing will be coarser than it could be:", err)
	}
}
