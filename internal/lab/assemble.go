package lab

import (
	"slices"
	"sort"
	"strconv"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/topology"
)

// assemble puts listing and reports together. It is pure.
func assemble(name string, all []engine.Container, states map[string]agentapi.State) *State {
	s := &State{Lab: name, ClientState: Missing, Clusters: []Cluster{}, Containers: all, Told: states}
	nodes := nodeContainers(all)
	if c, found := s.Client(); found {
		s.ClientState = string(c.State)
	}
	for _, c := range ranked(nodes) {
		s.Base, s.Profile = c.Labels[engine.LabelBase], c.Labels[engine.LabelProfile]
		n := nodeState(c, all, states[c.Labels[engine.LabelNode]])
		s.add(c, n, states[n.Name])
	}
	s.Ready = s.ready()
	return s
}

// ranked sorts node containers by their place in the description.
func ranked(nodes map[string]engine.Container) []engine.Container {
	list := make([]engine.Container, 0, len(nodes))
	for _, c := range nodes {
		list = append(list, c)
	}
	rank := func(c engine.Container) int {
		n, err := strconv.Atoi(c.Labels[engine.LabelRank])
		if err != nil {
			return len(nodes)
		}
		return n
	}
	sort.Slice(list, func(i, j int) bool {
		if a, b := rank(list[i]), rank(list[j]); a != b {
			return a < b
		}
		return list[i].Name < list[j].Name
	})
	return list
}

func nodeState(c engine.Container, all []engine.Container, told agentapi.State) Node {
	name := c.Labels[engine.LabelNode]
	n := Node{
		Name: name, Address: c.Labels[engine.LabelAddress], State: string(c.State),
		Services: map[string]string{}, Servers: map[string]string{},
	}
	for _, service := range servicesOf(c) {
		n.Services[service] = Missing
	}
	n.own = c.Labels[engine.LabelProfile] == string(topology.ProfileOwn)
	for _, other := range all {
		service := other.Labels[engine.LabelService]
		if _, known := n.Services[service]; known && other.Labels[engine.LabelNode] == name {
			n.Services[service] = string(other.State)
		}
	}
	if !alive(c.State) {
		return n
	}
	n.Link, n.HAProxy, n.Keepalived = told.Link, told.HAProxy, told.Keepalived
	n.Faults, n.Slow, n.appGone = told.Faults, told.Slow, n.Has(topology.ServiceApp) && told.App == "gone"
	n.freeze()
	if alive(engine.State(n.Services["keepalived"])) {
		n.VRRP = told.VRRP
	}
	if told.Servers != nil && n.HAProxy == "up" {
		n.Servers = told.Servers
	}
	return n
}

// freeze shows what the node's own agent has stopped as frozen: for the engine
// it runs.
func (n *Node) freeze() {
	for _, f := range n.Faults {
		switch f.Fault {
		case agentapi.FaultFreeze:
			n.State = string(engine.StatePaused)
			for service, state := range n.Services {
				if state == string(engine.StateRunning) {
					n.Services[service] = string(engine.StatePaused)
				}
			}
		case agentapi.FaultHang:
			if n.Services[f.Service] == string(engine.StateRunning) {
				n.Services[f.Service] = string(engine.StatePaused)
			}
		}
	}
}

// alive says whether a container has processes: a frozen one has.
func alive(s engine.State) bool { return s == engine.StateRunning || s == engine.StatePaused }

func (s *State) add(c engine.Container, n Node, told agentapi.State) {
	cluster := c.Labels[engine.LabelCluster]
	at := slices.IndexFunc(s.Clusters, func(x Cluster) bool { return x.Name == cluster })
	if at < 0 {
		s.Clusters = append(s.Clusters, labelled(c))
		at = len(s.Clusters) - 1
	}
	cl := &s.Clusters[at]
	cl.Nodes = append(cl.Nodes, n)
	if !alive(c.State) {
		return
	}
	held := func(v *VIP) {
		if slices.Contains(told.VIPs, v.Address) {
			v.Holders = append(v.Holders, n.Name)
		}
	}
	held(&cl.VIP)
	for i := range cl.More {
		held(&cl.More[i])
	}
}
