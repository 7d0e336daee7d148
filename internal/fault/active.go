package fault

import (
	"cmp"
	"context"
	"strings"
	"time"

	"halab/internal/engine"
	"halab/internal/lab"
	"halab/internal/topology"
)

// Active is a fault that is there now.
type Active struct {
	Node    string     `json:"node"`
	Service string     `json:"service"`
	Fault   string     `json:"fault"`           // with its arguments; "down" and "hang" are the engine's own states, "unreachable" a host's
	Since   *time.Time `json:"since,omitempty"` // absent where the engine does not tell
	Until   *time.Time `json:"until,omitempty"` // when it ends by itself
	ID      string     `json:"id,omitempty"`    // of a fault inside the node
}

// Active lists every fault of a lab as it is, by node: what the agents recorded, and
// what the engine holds or has ended. The services of a node that is down are
// down with it.
func (i *Injector) Active(ctx context.Context, status *lab.State) ([]Active, error) {
	var list []Active
	for _, c := range status.Clusters {
		for _, n := range c.Nodes {
			outside, err := i.activeOutside(ctx, n, status.Parts(n.Name))
			if err != nil {
				return nil, err
			}
			list = append(append(list, activeInside(n)...), outside...)
		}
	}
	if c, found := status.Client(); found && down(string(c.State)) {
		a, err := i.stateOutside(ctx, topology.Client, topology.Client, c)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

func activeInside(n lab.Node) []Active {
	var list []Active
	for _, f := range n.Faults {
		since := f.Since
		list = append(list, Active{Node: n.Name, Service: cmp.Or(f.Service, string(topology.ServiceNode)),
			Fault: strings.Join(append([]string{f.Fault}, f.Words...), " "), Since: &since, Until: f.Until, ID: f.ID})
	}
	return list
}

func (i *Injector) activeOutside(ctx context.Context, n lab.Node, p map[topology.Service]engine.Container) ([]Active, error) {
	if n.State == lab.Unreachable {
		return []Active{{Node: n.Name, Service: string(topology.ServiceNode), Fault: lab.Unreachable}}, nil
	}
	var list []Active
	for _, service := range topology.Services() {
		c, found := p[service]
		if !found || c.State == engine.StateRunning {
			continue
		}
		a, err := i.stateOutside(ctx, n.Name, service, c)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
		if service == topology.ServiceNode && a.Fault == "down" {
			return list, nil
		}
	}
	return list, nil
}

// stateOutside is what the engine knows of a container that does not run.
func (i *Injector) stateOutside(ctx context.Context, node string, service topology.Service, c engine.Container) (Active, error) {
	a := Active{Node: node, Service: string(service), Fault: "down"}
	if c.State == engine.StatePaused {
		a.Fault = "hang"
		return a, nil
	}
	full, err := i.engine.Inspect(ctx, c.ID)
	if err == nil && !full.Finished.IsZero() {
		a.Since = &full.Finished
	}
	return a, err
}

// down says whether a restore would start or thaw what is in that state; what is
// not there can only be made.
func down(state string) bool {
	switch engine.State(state) {
	case engine.StateExited, engine.StatePaused, engine.StateCreated:
		return true
	}
	return false
}
