package own

import (
	"fmt"
	"net/netip"
	"slices"

	"halab/internal/daemonconf/adapt"
	"halab/internal/daemonconf/facts"
	"halab/internal/topology"
)

// clusters puts the nodes together that move an address in common, or are tied by a
// third that does. A VIP is called by its address: its instance may have several.
func clusters(a adapt.Lab, nodes []facts.Node) []topology.Cluster {
	var groups [][]string
	for _, v := range a.VIPs {
		merged := slices.Clone(v.Nodes)
		groups = slices.DeleteFunc(groups, func(g []string) bool {
			shared := slices.ContainsFunc(g, func(n string) bool { return slices.Contains(v.Nodes, n) })
			if shared {
				merged = append(merged, g...)
			}
			return shared
		})
		groups = append(groups, merged)
	}
	var list []topology.Cluster
	for _, g := range groups {
		c := topology.Cluster{Name: "cluster"}
		if len(groups) > 1 {
			c.Name = fmt.Sprintf("cluster%d", len(list)+1)
		}
		for _, v := range a.VIPs {
			if slices.Contains(g, v.Nodes[0]) {
				take(&c, v, nodes)
			}
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		list = []topology.Cluster{{Name: "cluster"}}
	}
	for _, n := range a.Nodes {
		at := slices.IndexFunc(groups, func(g []string) bool { return slices.Contains(g, n.Name) })
		c := &list[max(0, at)]
		c.Nodes = append(c.Nodes, node(n, c.Name))
	}
	return list
}

// node is a node of a cluster.
func node(n adapt.Node, cluster string) topology.Node {
	out := topology.Node{Name: n.Name, Cluster: cluster, Services: map[topology.Service]string{topology.ServiceNode: n.Name}}
	for _, i := range n.Interfaces {
		if out.Interface == "" {
			out.Interface = i.Name
		}
		for _, p := range i.Addresses {
			if !out.Address.IsValid() {
				out.Address = p.Addr()
			}
		}
	}
	return out
}

// take gives a cluster a VIP with its listeners.
func take(c *topology.Cluster, v adapt.VIP, nodes []facts.Node) {
	one := topology.VIP{Name: v.Address.Addr().String(), Address: v.Address.Addr(), RouterID: routerID(v.Address.Addr(), nodes)}
	if c.VIP.Address.IsValid() {
		c.More = append(c.More, one)
	} else {
		c.VIP = one
	}
	for _, text := range v.Listeners {
		if l, ok := topology.ParseListener(text); ok {
			c.Listeners = append(c.Listeners, l)
		}
	}
}

// routerID is that of the instance which moves an address.
func routerID(a netip.Addr, nodes []facts.Node) int {
	for _, n := range nodes {
		for _, in := range n.Keepalived.Instances {
			if slices.ContainsFunc(in.VIPs, func(v facts.VIP) bool { return v.Addr == a }) {
				return in.RouterID.V
			}
		}
	}
	return 0
}
