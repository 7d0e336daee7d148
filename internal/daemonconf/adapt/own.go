package adapt

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"halab/internal/daemonconf/facts"
)

// reserve takes note of every address in the files, so that none of them is chosen
// for something else.
func (w *world) reserve() {
	take := func(a netip.Addr) {
		if a.IsValid() {
			w.taken[a] = true
		}
	}
	for _, n := range w.nodes {
		for _, in := range n.Keepalived.Instances {
			take(in.Source.V)
			for _, p := range in.Peers {
				take(p.V)
			}
			for _, v := range in.VIPs {
				take(v.Addr)
			}
		}
		for _, p := range n.HAProxy.Proxies {
			for _, b := range p.Binds {
				take(b.Addr)
			}
			for _, s := range p.Servers {
				take(s.Addr)
				take(s.CheckAddr)
			}
		}
		if n.Machine != nil {
			for _, dev := range n.Machine.Interfaces {
				for _, a := range dev.Addresses {
					take(a.Addr())
				}
			}
		}
	}
}

// addresses gives every interface its own: as the machine has them, as the files
// say, or chosen.
func (w *world) addresses() {
	known := map[port][]netip.Addr{}
	for i := range w.nodes {
		for _, dev := range w.lab.Nodes[i].Interfaces {
			p := port{w.nodes[i].Name, dev.Name}
			for _, a := range w.nodes[i].Addresses(dev.Name) {
				known[p] = append(known[p], a.Addr())
				w.subnet(dev.Network, a)
			}
		}
	}
	w.said(known)
	w.left(known)
	for i := range w.nodes {
		for _, in := range w.nodes[i].Keepalived.Instances {
			for _, v := range in.VIPs {
				w.subnet(w.lab.Nodes[i].on(cmp.Or(v.Dev, in.Interface.V)), netip.PrefixFrom(v.Addr, v.Prefix))
			}
		}
	}
	for i := range w.lab.Networks {
		w.fallback(&w.lab.Networks[i], known)
	}
	w.families()
	w.bound(known)
	for i := range w.lab.Nodes {
		n := &w.lab.Nodes[i]
		for j := range n.Interfaces {
			w.settle(n, &n.Interfaces[j], known[port{n.Name, n.Interfaces[j].Name}])
		}
	}
}

// subnet adds a prefix to a network, but for one that is a single address.
func (w *world) subnet(network string, p netip.Prefix) {
	n := w.network(network)
	if p.Bits() < p.Addr().BitLen()-1 && !slices.Contains(n.Prefixes, p.Masked()) {
		n.Prefixes = append(n.Prefixes, p.Masked())
	}
}

// said takes what the files say of a node's own address: unicast_src_ip,
// mcast_src_ip, and HAProxy's peer that has the node's name.
func (w *world) said(known map[port][]netip.Addr) {
	for i, n := range w.nodes {
		for _, in := range n.Keepalived.Instances {
			if a := in.Source.V; a.IsValid() && !w.foreign(n, a) {
				w.learn(known, port{n.Name, cmp.Or(in.Interface.V, silentInterface)}, a)
			}
		}
		if a := peerNamed(n, hostname(n)); a.IsValid() && !a.IsLoopback() && !n.Moves(a) {
			w.learn(known, port{n.Name, w.lab.Nodes[i].Interfaces[0].Name}, a)
		}
	}
}

// foreign says whether a machine that was seen does not have an address that its
// file calls its own: the lab must not give it that, or the mistake would be gone.
func (w *world) foreign(n facts.Node, a netip.Addr) bool {
	own, seen := n.Has(a)
	return seen && !own
}

// learn adds an address, where the machine itself has not said better and no other
// node has it: of two that call one address their own, one is wrong, and the lab
// can't give it to both.
func (w *world) learn(known map[port][]netip.Addr, p port, a netip.Addr) {
	for other, list := range known {
		if slices.Contains(list, a) {
			if other.node != p.node {
				w.note(p.node, "its files call %s its own, which is %s's: it has another, and the files stay wrong", a, other.node)
			}
			return
		}
	}
	if !slices.ContainsFunc(known[p], func(have netip.Addr) bool { return have.Is4() == a.Is4() }) {
		known[p] = append(known[p], a)
	}
}

// peerNamed is the address of HAProxy's peer with a name: peer lb1 192.0.2.11:1024.
func peerNamed(n facts.Node, name string) netip.Addr {
	short, _, _ := strings.Cut(name, ".")
	for _, f := range n.HAProxy.Files {
		for _, s := range f.Sections {
			for _, l := range s.Lines {
				if s.Kind() != "peers" || l.Word(0) != "peer" || l.Word(1) != name && l.Word(1) != short {
					continue
				}
				if a, err := netip.ParseAddrPort(l.Word(2)); err == nil {
					return a.Addr()
				}
			}
		}
	}
	return netip.Addr{}
}

// left finds addresses by what is left over: of all that a cluster's nodes send
// adverts to, a node's own is the one that it does not send to.
func (w *world) left(known map[port][]netip.Addr) {
	for _, c := range w.clusters {
		var all []netip.Addr
		for _, m := range c.Members {
			for _, p := range m.Is.Peers {
				if !slices.Contains(all, p.V) {
					all = append(all, p.V)
				}
			}
		}
		for _, m := range c.Members {
			var own []netip.Addr
			for _, a := range all {
				if !slices.ContainsFunc(m.Is.Peers, func(p facts.Value[netip.Addr]) bool { return p.V == a }) {
					own = append(own, a)
				}
			}
			if len(own) == 1 && len(m.Is.Peers) > 0 && !w.foreign(*m.Node, own[0]) {
				w.learn(known, port{m.Node.Name, cmp.Or(m.Is.Interface.V, silentInterface)}, own[0])
			}
		}
	}
}

// bound takes addresses that one node's HAProxy alone listens on for its own.
func (w *world) bound(known map[port][]netip.Addr) {
	count := map[netip.Addr]int{}
	for i := range w.nodes {
		once := map[netip.Addr]bool{}
		w.nodes[i].HAProxy.Listening(func(_ *facts.Proxy, b facts.Bind) {
			if !b.Any() && !b.Addr.IsLoopback() && !once[b.Addr] {
				once[b.Addr] = true
				count[b.Addr]++
			}
		})
	}
	for i := range w.nodes {
		n := &w.nodes[i]
		n.HAProxy.Listening(func(_ *facts.Proxy, b facts.Bind) {
			if b.Any() || b.Addr.IsLoopback() || n.Moves(b.Addr) || count[b.Addr] > 1 || w.foreign(*n, b.Addr) {
				return
			}
			for _, dev := range w.lab.Nodes[i].Interfaces {
				for _, p := range w.network(dev.Network).Prefixes {
					if p.Contains(b.Addr) {
						w.learn(known, port{n.Name, dev.Name}, b.Addr)
					}
				}
			}
		})
	}
}

// settle gives an interface its addresses, and chooses one for each family that
// the network has and the interface lacks.
func (w *world) settle(n *Node, dev *Interface, known []netip.Addr) {
	network := w.network(dev.Network)
	for _, a := range known {
		dev.Addresses = append(dev.Addresses, netip.PrefixFrom(a, w.length(network, a)))
	}
	for _, p := range network.Prefixes {
		if slices.ContainsFunc(dev.Addresses, func(a netip.Prefix) bool { return a.Addr().Is4() == p.Addr().Is4() }) {
			continue
		}
		a, ok := w.free(p)
		if !ok {
			w.unmet(n.Name, "there is no free address in %s for %s", p, dev.Name)
			continue
		}
		dev.Addresses = append(dev.Addresses, netip.PrefixFrom(a, p.Bits()))
		w.note(n.Name, "%s has %s: no file says its own address, so one was chosen", dev.Name, dev.Addresses[len(dev.Addresses)-1])
	}
}

// length is that of the network's prefix which an address is in.
func (w *world) length(n *Network, a netip.Addr) int {
	for _, p := range n.Prefixes {
		if p.Contains(a) {
			return p.Bits()
		}
	}
	return a.BitLen()
}

// free chooses an address that nothing in the files has: from the top of a subnet
// down, where people put machines last.
func (w *world) free(p netip.Prefix) (netip.Addr, bool) {
	a := last(p) // itself the broadcast address
	for range 4096 {
		if a = a.Prev(); !p.Contains(a) || a == p.Masked().Addr() {
			break
		}
		if !w.taken[a] {
			w.taken[a] = true
			return a, true
		}
	}
	return netip.Addr{}, false
}

// last is the highest address of a prefix.
func last(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b) // of the length that it had
	return a
}
