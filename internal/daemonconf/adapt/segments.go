package adapt

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"halab/internal/daemonconf/facts"
)

// port is an interface of a node.
type port struct{ node, name string }

// segments are interfaces that are on one network.
type segments struct {
	order  []port
	parent map[port]port
}

func (s *segments) add(p port) {
	if _, ok := s.parent[p]; !ok {
		s.parent[p] = p
		s.order = append(s.order, p)
	}
}

func (s *segments) root(p port) port {
	for s.parent[p] != p {
		p = s.parent[p]
	}
	return p
}

// join puts two interfaces on one network.
func (s *segments) join(a, b port) {
	s.add(a)
	s.add(b)
	s.parent[s.root(b)] = s.root(a)
}

// silentInterface is what a node has where no file names one.
const silentInterface = "eth0"

// networks finds out which interfaces the files need, and which of different nodes
// are on one network: those that move the same address, and, where machines were
// seen, those with addresses of one subnet.
func (w *world) networks() {
	w.segments = &segments{parent: map[port]port{}}
	s := w.segments
	for i := range w.nodes {
		n := &w.nodes[i]
		for _, in := range n.Keepalived.Instances {
			w.use(n, in.Interface.V)
			for _, v := range in.VIPs {
				w.use(n, v.Dev)
			}
			for _, t := range in.Tracked {
				if t.Kind == "interface" {
					w.use(n, t.Name)
				}
			}
		}
	}
	for _, c := range w.clusters {
		var first []port
		on := map[netip.Addr]port{}
		for _, m := range c.Members {
			if p, ok := w.port(m.Node, m.Is.Interface.V); ok {
				first = append(first, p)
				s.join(first[0], p)
			}
			for _, v := range m.Is.VIPs {
				p, ok := w.port(m.Node, v.Dev)
				if other, seen := on[v.Addr]; seen && ok {
					s.join(other, p)
				}
				if ok {
					on[v.Addr] = p
				}
			}
		}
	}
	w.seen()
	for i, n := range w.nodes {
		if !slices.ContainsFunc(s.order, func(p port) bool { return p.node == n.Name }) {
			p := port{n.Name, silentInterface}
			if s.add(p); i > 0 {
				s.join(s.order[0], p)
			}
			w.note(n.Name, "its one interface is called %s: no file names one", silentInterface)
		}
	}
	w.name()
}

// port is a node's interface that a file names. One that the machine does not
// have is not there in the lab either: the mistake would be gone.
func (w *world) port(n *facts.Node, name string) (port, bool) {
	p := port{n.Name, cmp.Or(name, silentInterface)}
	if n.Machine == nil || len(n.Machine.Interfaces) == 0 {
		return p, true
	}
	_, ok := n.Machine.Interface(p.name)
	return p, ok
}

func (w *world) use(n *facts.Node, name string) {
	p, ok := w.port(n, name)
	if !ok {
		w.unmet(n.Name, "the files name the interface %s, which the machine does not have", p.name)
		return
	}
	w.segments.add(p)
}

// seen adds interfaces of machines that were seen, where the files need what is
// behind them, and joins those of one subnet.
func (w *world) seen() {
	subnets := map[netip.Prefix]port{}
	for i := range w.nodes {
		n := &w.nodes[i]
		if n.Machine == nil {
			continue
		}
		for _, dev := range n.Machine.Interfaces {
			p := port{n.Name, dev.Name}
			_, used := w.segments.parent[p]
			own := n.Addresses(dev.Name)
			if dev.Name == "lo" || !used && !w.needed(own) {
				if dev.Name != "lo" && len(own) > 0 {
					w.note(n.Name, "its interface %s is left out: no file needs it", dev.Name)
				}
				continue
			}
			w.segments.add(p)
			for _, a := range own {
				if other, ok := subnets[a.Masked()]; ok {
					w.segments.join(other, p)
				} else if a.Bits() < a.Addr().BitLen() {
					subnets[a.Masked()] = p
				}
			}
		}
	}
}

// needed says whether a VIP, a server or a listener of the files is in one of some
// subnets.
func (w *world) needed(subnets []netip.Prefix) bool {
	inside := func(a netip.Addr) bool {
		return a.IsValid() && slices.ContainsFunc(subnets, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	for _, n := range w.nodes {
		for _, in := range n.Keepalived.Instances {
			if slices.ContainsFunc(in.VIPs, func(v facts.VIP) bool { return inside(v.Addr) }) {
				return true
			}
		}
		for _, p := range n.HAProxy.Proxies {
			if slices.ContainsFunc(p.Servers, func(s facts.Server) bool { return inside(s.Addr) }) ||
				slices.ContainsFunc(p.Binds, func(b facts.Bind) bool { return !b.Any() && inside(b.Addr) }) {
				return true
			}
		}
	}
	return false
}

// name makes networks of the segments, and gives each node its interfaces.
func (w *world) name() {
	names := map[port]string{}
	for _, p := range w.segments.order {
		root := w.segments.root(p)
		if names[root] == "" {
			names[root] = fmt.Sprintf("net%d", len(names)+1)
			w.lab.Networks = append(w.lab.Networks, Network{Name: names[root]})
		}
		n := w.node(p.node)
		n.Interfaces = append(n.Interfaces, Interface{Name: p.name, Network: names[root]})
	}
}

// network finds a network by its name.
func (w *world) network(name string) *Network {
	i := slices.IndexFunc(w.lab.Networks, func(n Network) bool { return n.Name == name })
	return &w.lab.Networks[i]
}

// on finds the network of a node's interface.
func (n *Node) on(name string) string {
	for _, i := range n.Interfaces {
		if i.Name == name {
			return i.Network
		}
	}
	return n.Interfaces[0].Network
}
