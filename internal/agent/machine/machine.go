// Package machine reads the machine that the agent is on, be it a container or a
// host: its processes, the addresses of its interfaces, its clock.
package machine

import (
	"os"

	"halab/internal/agentapi"
)

// OnHost says whether this node is a host of its own.
func OnHost() bool { return os.Getenv(agentapi.EnvHost) == "1" }
