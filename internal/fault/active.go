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

// Active lists every fault of a lab as it is, as Present does, and since when.
func (i *Injector) Active(ctx context.Context, status *lab.State) ([]Active, error) {
	list := Present(status)
	for n, a := range list {
		c, found := status.Container(a.Node, topology.Service(a.Service))
		if a.Node == topology.Client {
			c, found = status.Client()
		}
		if a.Fault != stateDown || !found {
			continue
		}
		full, err := i.engine.Inspect(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		if !full.Finished.IsZero() {
			list[n].Since = &full.Finished
		}
	}
	return list, nil
}

// Present lists every fault of a lab as it is, by node: what the agents recorded, and
// what the engine holds or has ended. The services of a node that is down are
// down with it. It is pure.
func Present(status *lab.State) []Active {
	var list []Active
	for _, c := range status.Clusters {
		for _, n := range c.Nodes {
			list = append(append(list, activeInside(n)...), activeOutside(n, status.Parts(n.Name))...)
		}
	}
	if c, found := status.Client(); found && down(string(c.State)) {
		list = append(list, stateOutside(topology.Client, topology.Client, c))
	}
	return list
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

func activeOutside(n lab.Node, p map[topology.Service]engine.Container) []Active {
	if n.State == lab.Unreachable {
		return []Active{{Node: n.Name, Service: string(topology.ServiceNode), Fault: lab.Unreachable}}
	}
	var list []Active
	for _, service := range topology.Services() {
		c, found := p[service]
		if !found || c.State == engine.StateRunning {
			continue
		}
		list = append(list, stateOutside(n.Name, service, c))
		if service == topology.ServiceNode && c.State != engine.StatePaused {
			return list
		}
	}
	return list
}

// stateDown is the fault of what has ended.
const stateDown = "down"

// stateOutside is what the engine knows of a container that does not run.
func stateOutside(node string, service topology.Service, c engine.Container) Active {
	a := Active{Node: node, Service: string(service), Fault: stateDown}
	if c.State == engine.StatePaused {
		a.Fault = "hang"
	}
	return a
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
