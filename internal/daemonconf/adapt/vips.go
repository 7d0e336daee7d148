package adapt

import (
	"cmp"
	"net/netip"
	"slices"

	"halab/internal/daemonconf/facts"
)

// Sizes of a subnet that is chosen.
const (
	bits4 = 24
	bits6 = 64
)

// fallback gives a network a subnet, for each family that it needs, where neither
// a machine nor a VIP's prefix says one.
func (w *world) fallback(n *Network, known map[port][]netip.Addr) {
	var inside []netip.Addr
	for i := range w.lab.Nodes {
		for _, dev := range w.lab.Nodes[i].Interfaces {
			if dev.Network != n.Name {
				continue
			}
			inside = append(inside, known[port{w.lab.Nodes[i].Name, dev.Name}]...)
			for _, in := range w.nodes[i].Keepalived.Instances {
				for _, v := range in.VIPs {
					if cmp.Or(v.Dev, in.Interface.V, silentInterface) == dev.Name {
						inside = append(inside, v.Addr)
					}
				}
			}
		}
	}
	if len(inside) == 0 {
		inside = []netip.Addr{netip.AddrFrom4([4]byte{198, 18, byte(len(n.Name)), 1})} // RFC 2544: for tests
	}
	for _, a := range inside {
		bits := bits4
		if a.Is6() {
			bits = bits6
		}
		if a.IsLinkLocalUnicast() || slices.ContainsFunc(n.Prefixes, func(p netip.Prefix) bool { return p.Addr().Is4() == a.Is4() }) {
			continue
		}
		p := netip.PrefixFrom(a, bits).Masked()
		n.Prefixes = append(n.Prefixes, p)
		w.note("", "the subnet of %s is taken to be %s: no file and no machine says it", n.Name, p)
	}
}

// families gives the first network a subnet of each family that servers have: a
// pair with VIPs of IPv6 alone still needs an address to ask servers of IPv4 from.
func (w *world) families() {
	first := &w.lab.Networks[0]
	for _, n := range w.nodes {
		for _, p := range n.HAProxy.Proxies {
			for _, s := range p.Servers {
				if s.Unix || s.Addr.IsLoopback() {
					continue
				}
				made := netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, 0, 0}), bits4) // RFC 2544: for tests
				if s.Addr.Is6() {
					made = netip.MustParsePrefix("fd68:616c:6162::/64") // RFC 4193: nobody else's
				}
				if !slices.ContainsFunc(w.lab.Networks, func(n Network) bool {
					return slices.ContainsFunc(n.Prefixes, func(p netip.Prefix) bool { return p.Addr().Is4() == made.Addr().Is4() })
				}) {
					first.Prefixes = append(first.Prefixes, made)
					w.note("", "%s has the subnet %s as well: there are servers of that family, and no address to ask them from", first.Name, made)
				}
			}
		}
	}
}

// vips lists what moves, and what listens on it.
func (w *world) vips() {
	for _, c := range w.clusters {
		for _, m := range c.Members {
			for _, v := range m.Is.VIPs {
				w.vip(m.Node, v)
			}
		}
	}
}

func (w *world) vip(n *facts.Node, v facts.VIP) {
	network := w.node(n.Name).on(v.Dev)
	i := slices.IndexFunc(w.lab.VIPs, func(have VIP) bool { return have.Address.Addr() == v.Addr })
	if i < 0 {
		i = len(w.lab.VIPs)
		w.lab.VIPs = append(w.lab.VIPs, VIP{Address: netip.PrefixFrom(v.Addr, v.Prefix), Network: network})
		if !slices.ContainsFunc(w.network(network).Prefixes, func(p netip.Prefix) bool { return p.Contains(v.Addr) }) {
			w.note("", "the VIP %s is in none of %s's subnets: whoever asks it gets a route on the link", v.Addr, network)
		}
	}
	vip := &w.lab.VIPs[i]
	if !slices.Contains(vip.Nodes, n.Name) {
		vip.Nodes = append(vip.Nodes, n.Name)
	}
	n.HAProxy.Listening(func(_ *facts.Proxy, b facts.Bind) {
		if b.Takes(v.Addr) && b.Low > 0 && !slices.Contains(vip.Ports, b.Low) {
			vip.Ports = append(vip.Ports, b.Low)
		}
	})
	slices.Sort(vip.Ports)
}
