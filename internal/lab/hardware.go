package lab

import (
	"strings"

	"halab/internal/engine"
	"halab/internal/topology"
)

// Hardware maps the nodes and the client to the MAC addresses, lower case with
// colons, that they have on the lab's network now. The engine knows those of
// containers; a node that is a host tells its own.
func (s *State) Hardware() map[string]string {
	macs := map[string]string{}
	for _, c := range s.Containers {
		name := c.Labels[engine.LabelNode]
		switch c.Labels[engine.LabelService] {
		case string(topology.ServiceNode):
		case topology.Client:
			name = topology.Client
		default:
			continue
		}
		if c.MAC != "" {
			macs[name] = strings.ToLower(c.MAC)
		}
	}
	for node, told := range s.Told {
		if told.MAC != "" && macs[node] == "" {
			macs[node] = told.MAC
		}
	}
	return macs
}
