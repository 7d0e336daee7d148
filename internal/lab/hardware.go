package lab

import (
	"context"
	"strings"

	"halab/internal/engine"
	"halab/internal/topology"
)

// Hardware maps the nodes and the client to the MAC addresses, lower case with
// colons, that they have on the lab's network now. The engine knows those of
// containers; a node that is a host tells its own.
func (l *Lab) Hardware(ctx context.Context) (map[string]string, error) {
	all, err := l.Containers(ctx)
	if err != nil {
		return nil, err
	}
	macs, unknown := map[string]string{}, map[string]engine.Container{}
	for _, c := range all {
		name := c.Labels[engine.LabelNode]
		switch c.Labels[engine.LabelService] {
		case "node":
		case topology.Client:
			name = topology.Client
		default:
			continue
		}
		switch {
		case c.MAC != "":
			macs[name] = strings.ToLower(c.MAC)
		case alive(c.State):
			unknown[name] = c
		}
	}
	if _, several := l.fleet(); !several {
		return macs, nil
	}
	states, _, err := l.nodeStates(ctx, unknown)
	for name, s := range states {
		if s.MAC != "" {
			macs[name] = s.MAC
		}
	}
	return macs, err
}
