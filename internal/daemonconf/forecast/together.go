package forecast

import (
	"fmt"
	"net/netip"
	"slices"

	"halab/internal/daemonconf/facts"
)

// Clusters finds out which instances of which nodes belong together: those that
// have an address in common, or are tied by a third that has.
func Clusters(nodes []facts.Node) []Cluster {
	var members []Member
	for i := range nodes {
		for j := range nodes[i].Keepalived.Instances {
			members = append(members, member(&nodes[i], &nodes[i].Keepalived.Instances[j]))
		}
	}
	var list []Cluster
	in := map[netip.Addr]int{} // address -> cluster
	for _, m := range members {
		to := -1
		for _, v := range m.Is.VIPs {
			if n, ok := in[v.Addr]; ok && !list[n].has(m.Node) {
				to = n
				break
			}
		}
		if to < 0 {
			list, to = append(list, Cluster{Alone: len(nodes) == 1}), len(list)
		}
		c := &list[to]
		c.Members = append(c.Members, m)
		for _, v := range m.Is.VIPs {
			if !slices.Contains(c.VIPs, v.Addr) {
				c.VIPs = append(c.VIPs, v.Addr)
				in[v.Addr] = to
			}
		}
	}
	list = slices.DeleteFunc(list, func(c Cluster) bool { return len(c.VIPs) == 0 })
	cross(list)
	share(list)
	return list
}

// Together is the cluster of a lab's nodes that moves an address: of each node the
// instance that has it, or else its first. Nodes without any are left out.
func Together(nodes []facts.Node, vip netip.Addr, a Agent) Cluster {
	c := Cluster{VIPs: []netip.Addr{vip}}
	for i := range nodes {
		list := nodes[i].Keepalived.Instances
		if len(list) == 0 {
			continue
		}
		at := max(0, slices.IndexFunc(list, func(in facts.Instance) bool {
			return slices.ContainsFunc(in.VIPs, func(v facts.VIP) bool { return v.Addr == vip })
		}))
		m := member(&nodes[i], &list[at])
		m.Agent = a
		c.Members = append(c.Members, m)
	}
	return c
}

// Member finds a node's part.
func (c Cluster) Member(node string) (Member, bool) {
	at := slices.IndexFunc(c.Members, func(m Member) bool { return m.Node.Name == node })
	if at < 0 {
		return Member{}, false
	}
	return c.Members[at], true
}

// cross finds sync groups in which one node leads in one instance and another in
// another: each takes both away from the other, without end.
func cross(list []Cluster) {
	leads := map[string]map[string]bool{} // group -> nodes that lead in one of its instances
	in := map[string][]int{}              // group -> clusters
	for i, c := range list {
		if len(c.Members) < 2 {
			continue
		}
		best := slices.MaxFunc(c.Members, func(a, b Member) int { return a.Priority() - b.Priority() })
		groups := map[string]bool{}
		for _, m := range c.Members {
			if m.Is.Group != "" && !groups[m.Is.Group] {
				groups[m.Is.Group] = true
				in[m.Is.Group] = append(in[m.Is.Group], i)
				if leads[m.Is.Group] == nil {
					leads[m.Is.Group] = map[string]bool{}
				}
				leads[m.Is.Group][best.Node.Name] = true
			}
		}
	}
	for group, nodes := range leads {
		if len(nodes) < 2 {
			continue
		}
		for _, i := range in[group] {
			list[i].Crossed = "sync group " + group + " has crossed priorities: each node leads in one of its instances and takes the others along"
		}
	}
}

func (c Cluster) has(n *facts.Node) bool {
	return slices.ContainsFunc(c.Members, func(m Member) bool { return m.Node == n })
}

// share marks the clusters that have another one's virtual_router_id.
func share(list []Cluster) {
	for i := range list {
		for j := range list {
			if i != j && len(list[i].Members) > 1 && list[i].Shares(list[j]) {
				list[i].Shared = fmt.Sprintf("virtual_router_id %d is that of %s as well", list[i].Members[0].Is.RouterID.V, list[j].VIPs[0])
			}
		}
	}
}

// Shares says whether two clusters have one virtual_router_id on one segment, so that
// each hears the other's adverts.
func (c Cluster) Shares(d Cluster) bool {
	a, b := c.Members[0], d.Members[0]
	unicast := len(a.Is.Peers) > 0 && len(b.Is.Peers) > 0 && a.Node != b.Node
	return a.Is.RouterID.Set && a.Is.RouterID.V == b.Is.RouterID.V && segment(a, b) && !unicast
}

// segment says whether two clusters are on one network: the same subnet, or, on
// one machine, the same interface.
func segment(a, b Member) bool {
	x, y := a.Is.VIPs[0], b.Is.VIPs[0]
	if x.Addr.Is4() != y.Addr.Is4() {
		return false
	}
	if a.Node == b.Node {
		return a.Is.Interface.V == b.Is.Interface.V
	}
	bits := 24
	if x.Addr.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(x.Addr, bits).Masked() == netip.PrefixFrom(y.Addr, bits).Masked()
}
