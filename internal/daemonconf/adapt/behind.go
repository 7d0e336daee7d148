package adapt

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/daemonconf/facts"
)

// spots are the listeners of one stand-in.
type spots struct {
	list []*agentapi.BehindListener
	at   map[netip.AddrPort]*agentapi.BehindListener
}

// mostPorts bounds the ports of a server that follows its listener's.
const mostPorts = 16

// behind finds everything that HAProxy connects to, and says what answers there.
func (w *world) behind() {
	for i := range w.nodes {
		n := &w.nodes[i]
		for j := range n.HAProxy.Proxies {
			p := &n.HAProxy.Proxies[j]
			for k := range p.Servers {
				w.server(n, p, &p.Servers[k])
			}
		}
	}
	w.lab.Behind = w.stand("")
	for i := range w.lab.Nodes {
		w.lab.Nodes[i].Local = w.stand(w.lab.Nodes[i].Name)
	}
	w.reach()
}

// server is one server line: where its traffic goes, where it is checked, and
// where its agent is asked.
func (w *world) server(n *facts.Node, p *facts.Proxy, s *facts.Server) {
	name := p.Name + "/" + s.Name
	if s.Unix {
		w.unmet(n.Name, "%s is a socket of the machine (%s): nothing stands for it", name, s.Host)
		return
	}
	addresses := []netip.Addr{s.Addr}
	if !s.Addr.IsValid() {
		if addresses = w.resolved(n, s); len(addresses) == 0 {
			return
		}
	}
	ports := []int{s.Port}
	if s.Follows {
		ports = w.followed(n, p, s.Port)
	}
	for _, name := range serverNames(p, s) {
		a := addresses[0]
		if len(addresses) > 1 {
			addresses = addresses[1:]
		}
		for _, number := range ports {
			w.listen(n, name, a, number, func(l *agentapi.BehindListener) {
				speaks(l, map[bool]string{true: agentapi.BehindHTTP, false: agentapi.BehindTCP}[p.Mode.V == "http"])
				l.TLS, l.Proxy = l.TLS || s.TLS, l.Proxy || s.Proxy
				certified(l, s)
			})
		}
		if s.Checked.V && len(ports) > 0 {
			w.check(n, p, s, name, a, ports[0])
		}
		if s.Agent && s.AgentPort > 0 {
			asked := a
			if s.AgentAddr.IsValid() {
				asked = s.AgentAddr
			}
			w.listen(n, name, asked, s.AgentPort, func(l *agentapi.BehindListener) { speaks(l, agentapi.BehindAgent) })
		}
	}
}

// serverNames are shop/shop-1, or, of a template, shop/shop1, shop/shop2 and so on.
func serverNames(p *facts.Proxy, s *facts.Server) []string {
	if s.First == 0 {
		return []string{p.Name + "/" + s.Name}
	}
	var names []string
	for i := range s.Count {
		names = append(names, p.Name+"/"+s.Name+strconv.Itoa(s.First+i))
	}
	return names
}

// followed are the ports of the listeners that lead to a proxy, moved by an
// offset.
func (w *world) followed(n *facts.Node, p *facts.Proxy, offset int) []int {
	var ports []int
	for i := range n.HAProxy.Proxies {
		from := &n.HAProxy.Proxies[i]
		leads := slices.ContainsFunc(from.Leads, func(v facts.Value[string]) bool { return v.V == p.Name })
		if from != p && !leads {
			continue
		}
		for _, b := range from.Binds {
			for number := b.Low; number <= b.High && number > 0 && len(ports) < mostPorts; number++ {
				if !slices.Contains(ports, number+offset) {
					ports = append(ports, number+offset)
				}
			}
		}
	}
	return ports
}

// speaks makes a listener speak something. What is known best wins: a check that
// speaks MySQL over "bytes".
func speaks(l *agentapi.BehindListener, what string) (clash bool) {
	if l.Speaks == "" || l.Speaks == agentapi.BehindTCP {
		l.Speaks = what
	}
	return what != agentapi.BehindTCP && l.Speaks != what
}

// certified gives the names by which a server's certificate is asked for.
func certified(l *agentapi.BehindListener, s *facts.Server) {
	names := s.Names
	if !s.Addr.IsValid() {
		names = append(slices.Clone(names), s.Host)
	}
	for _, name := range names {
		if !slices.Contains(l.Names, name) {
			l.Names = append(l.Names, name)
		}
	}
}

// listen has something listen at an address and port, in the place that has the
// address: a node itself, or the stand-in beside the nodes. Where HAProxy listens
// itself there is nothing to stand for.
func (w *world) listen(n *facts.Node, name string, a netip.Addr, number int, describe func(*agentapi.BehindListener)) {
	if number < 1 || number > 65535 || a.IsUnspecified() {
		return
	}
	place := ""
	switch owner := w.owner(a); {
	case a.IsLoopback():
		place = n.Name
	case owner != "":
		place = owner
	case w.isVIP(a):
		if !w.anyListens(a, number) {
			w.unmet(n.Name, "%s is asked at the VIP %s port %d, where no HAProxy listens", name, a, number)
		}
		return
	}
	if place != "" && w.listens(place, a, number) {
		return
	}
	at := netip.AddrPortFrom(a, uint16(number))
	all := w.spots[place]
	if all == nil {
		all = &spots{at: map[netip.AddrPort]*agentapi.BehindListener{}}
		w.spots[place] = all
	}
	l := all.at[at]
	if l == nil {
		l = &agentapi.BehindListener{Address: at.String()}
		all.at[at] = l
		all.list = append(all.list, l)
	}
	if !slices.Contains(l.Servers, name) {
		l.Servers = append(l.Servers, name)
	}
	describe(l)
}

// owner is the node that has an address for its own.
func (w *world) owner(a netip.Addr) string {
	for _, n := range w.lab.Nodes {
		for _, dev := range n.Interfaces {
			if slices.ContainsFunc(dev.Addresses, func(p netip.Prefix) bool { return p.Addr() == a }) {
				return n.Name
			}
		}
	}
	return ""
}

func (w *world) isVIP(a netip.Addr) bool {
	return slices.ContainsFunc(w.lab.VIPs, func(v VIP) bool { return v.Address.Addr() == a })
}

// listens says whether a node's HAProxy listens at an address and port.
func (w *world) listens(node string, a netip.Addr, number int) (yes bool) {
	for i := range w.nodes {
		if w.nodes[i].Name != node {
			continue
		}
		w.nodes[i].HAProxy.Listening(func(_ *facts.Proxy, b facts.Bind) {
			yes = yes || b.Takes(a) && b.Low <= number && number <= b.High
		})
	}
	return yes
}

func (w *world) anyListens(a netip.Addr, number int) bool {
	return slices.ContainsFunc(w.nodes, func(n facts.Node) bool { return w.listens(n.Name, a, number) })
}

// stand collects what one place stands for, in the order of the files.
func (w *world) stand(place string) Stand {
	s := Stand{Addresses: map[string][]netip.Prefix{}, Behind: agentapi.Behind{Listeners: []agentapi.BehindListener{}}}
	if all := w.spots[place]; all != nil {
		for _, l := range all.list {
			s.Listeners = append(s.Listeners, *l)
		}
	}
	return s
}

// reach gives the stand-in beside the nodes its addresses on the networks. What is
// in none of their subnets is on the first one, with a route on the link.
func (w *world) reach() {
	var words []string
	for _, l := range w.lab.Behind.Listeners {
		words = append(words, l.Address+" ("+strings.Join(l.Servers, ", ")+")")
		at, err := netip.ParseAddrPort(l.Address)
		if err != nil {
			continue // it was made of one
		}
		w.put(at.Addr())
	}
	if len(words) > 0 {
		w.note("", "one container stands for what is behind, and answers what is expected of it: %s", strings.Join(words, "; "))
	}
	for _, n := range w.lab.Nodes {
		for _, l := range n.Local.Listeners {
			w.note(n.Name, "on the node itself something stands for %s at %s", strings.Join(l.Servers, ", "), l.Address)
		}
	}
}

// put gives the stand-in an address.
func (w *world) put(a netip.Addr) {
	network, outside := w.lab.Networks[0].Name, true
	for _, n := range w.lab.Networks {
		if slices.ContainsFunc(n.Prefixes, func(p netip.Prefix) bool { return p.Contains(a) }) {
			network, outside = n.Name, false
			break
		}
	}
	p := netip.PrefixFrom(a, w.length(w.network(network), a))
	if slices.Contains(w.lab.Behind.Addresses[network], p) {
		return
	}
	w.own(network)
	w.lab.Behind.Addresses[network] = append(w.lab.Behind.Addresses[network], p)
	for i := range w.lab.Nodes {
		n := &w.lab.Nodes[i]
		on := slices.IndexFunc(n.Interfaces, func(dev Interface) bool { return dev.Network == network })
		if outside && on >= 0 {
			n.Routes = append(n.Routes, Route{a, n.Interfaces[on].Name})
		}
	}
}

// own gives the stand-in addresses of its own on a network, once.
func (w *world) own(network string) netip.Addr {
	if have := w.lab.Behind.Addresses[network]; len(have) > 0 {
		return have[0].Addr()
	}
	for _, p := range w.network(network).Prefixes {
		if a, ok := w.free(p); ok {
			w.lab.Behind.Addresses[network] = append(w.lab.Behind.Addresses[network], netip.PrefixFrom(a, p.Bits()))
		} else {
			w.unmet("", "there is no free address in %s for what stands behind", p)
		}
	}
	if have := w.lab.Behind.Addresses[network]; len(have) > 0 {
		return have[0].Addr()
	}
	return netip.Addr{}
}

// beyond says which addresses are in no network.
func (w *world) beyond() {
	var words []string
	for _, n := range w.lab.Nodes {
		for _, r := range n.Routes {
			if !slices.Contains(words, r.To.String()) {
				words = append(words, r.To.String())
			}
		}
	}
	if len(words) > 0 {
		w.note("", "these addresses are in none of the networks' subnets, and the nodes have routes to them on the link, not by a router: %s", strings.Join(words, ", "))
	}
}
