package agent

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"halab/internal/agent/command"
	"halab/internal/agentapi"
	"halab/internal/slice"
	"halab/internal/topology"
)

// prompt lets what must react in milliseconds run as soon as it wakes: the
// observer and process 1 always, the daemons in the fast profile. classic keeps
// the scheduling of 2015. HAProxy gets no real-time policy: its work grows with
// its clients, and a budget that is used up would be an outage.
func prompt(command string, out command.Output) {
	watching := []string{agentapi.CommandNode, agentapi.CommandObserve}
	classic := os.Getenv(agentapi.EnvProfile) == string(topology.ProfileClassic)
	var err error
	switch {
	case slices.Contains(watching, command), command == agentapi.CommandKeepalived && !classic:
		if slice.Realtime() == nil {
			return
		}
		err = errors.Join(slice.Ordinary(), slice.Short()) // some threads may have it
	case command == agentapi.CommandHAProxy && !classic:
		err = slice.Short()
	}
	if err != nil {
		fmt.Fprintln(out.Story, "halab agent: timing will be coarser than it could be:", err)
	}
}
