package lab

import (
	"net/netip"

	"halab/internal/topology"
)

// Silent lists the nodes whose hosts do not answer.
func (s *Status) Silent() []string {
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
func (s *Status) Holders() topology.Holders {
	holders := topology.Holders{}
	for _, c := range s.Clusters {
		holders[c.VIP.Name] = c.VIP.Holders
	}
	return holders
}

// Topology gives the lab's words as far as its containers tell them: enough to
// resolve a target without the Compose file.
func (s *Status) Topology() *topology.Lab {
	t := &topology.Lab{Name: s.Lab, Base: s.Base, Profile: topology.Profile(s.Profile), Client: topology.Client}
	for _, c := range s.Clusters {
		cluster := topology.Cluster{Name: c.Name, Upstream: c.Upstream,
			VIP: topology.VIP{Name: c.VIP.Name, Address: address(c.VIP.Address)}}
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
func (s *Status) Resolve(target string) ([]string, error) {
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
