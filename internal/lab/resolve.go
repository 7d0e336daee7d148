package lab

import (
	"net/netip"
	"slices"

	"halab/internal/engine"
	"halab/internal/problem"
	"halab/internal/topology"
)

// Parts maps the services of a node to its containers.
func (s *State) Parts(node string) map[topology.Service]engine.Container {
	parts := map[topology.Service]engine.Container{}
	for _, c := range s.Containers {
		if c.Labels[engine.LabelNode] == node {
			parts[topology.Service(c.Labels[engine.LabelService])] = c
		}
	}
	return parts
}

// Container finds that of a service of a node.
func (s *State) Container(node string, service topology.Service) (engine.Container, bool) {
	return find(s.Containers, func(labels map[string]string) bool {
		return labels[engine.LabelNode] == node && labels[engine.LabelService] == string(service)
	})
}

// Client finds the container that requests are made from.
func (s *State) Client() (engine.Container, bool) {
	return find(s.Containers, func(labels map[string]string) bool { return labels[engine.LabelService] == topology.Client })
}

func find(all []engine.Container, is func(labels map[string]string) bool) (engine.Container, bool) {
	at := slices.IndexFunc(all, func(c engine.Container) bool { return is(c.Labels) })
	if at < 0 {
		return engine.Container{}, false
	}
	return all[at], true
}

// Front is the cluster that clients meet first.
func (s *State) Front() (topology.Cluster, error) {
	front, found := s.Topology().Front()
	if !found {
		return front, problem.New("the lab has no cluster that could be asked").Cure("bring it up", "halab up")
	}
	return front, nil
}

// Silent lists the nodes whose hosts do not answer.
func (s *State) Silent() []string {
	var names []string
	for _, c := range s.Clusters {
		for _, n := range c.Nodes {
			if n.State == Unreachable {
				names = append(names, n.Name)
			}
		}
	}
	return names
}

// Holders maps each VIP's name to the nodes that have it.
func (s *State) Holders() topology.Holders {
	holders := topology.Holders{}
	for _, c := range s.Clusters {
		for _, v := range c.VIPs() {
			holders[v.Name] = v.Holders
		}
	}
	return holders
}

// Topology gives the lab's words as far as its containers tell them: enough to
// resolve a target without the Compose file.
func (s *State) Topology() *topology.Lab {
	t := &topology.Lab{Name: s.Lab, Base: s.Base, Profile: topology.Profile(s.Profile), Client: topology.Client}
	for _, c := range s.Clusters {
		cluster := topology.Cluster{Name: c.Name, Upstream: c.Upstream,
			VIP: topology.VIP{Name: c.VIP.Name, Address: address(c.VIP.Address)}}
		for _, v := range c.More {
			cluster.More = append(cluster.More, topology.VIP{Name: v.Name, Address: address(v.Address)})
		}
		for _, text := range c.Listeners {
			if l, ok := topology.ParseListener(text); ok {
				cluster.Listeners = append(cluster.Listeners, l)
			}
		}
		for _, n := range c.Nodes {
			cluster.Nodes = append(cluster.Nodes, topology.Node{Name: n.Name, Cluster: c.Name, Address: address(n.Address)})
		}
		t.Clusters = append(t.Clusters, cluster)
	}
	return t
}

// address reads what a label says; a label that is no address gives the zero
// address, which is no name's answer.
func address(text string) netip.Addr {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return a
}

// Resolve turns a target into the names of its nodes.
func (s *State) Resolve(target string) ([]string, error) {
	nodes, err := s.Topology().Resolve(target, func() (topology.Holders, error) { return s.Holders(), nil })
	if err != nil {
		return nil, err
	}
	names := make([]string, len(nodes))
	for i, n := range nodes {
		names[i] = n.Name
	}
	return names, nil
}
