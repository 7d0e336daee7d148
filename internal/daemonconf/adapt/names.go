package adapt

import (
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/haproxyconf"
)

// resolved gives the addresses that a server's name has in the lab, one for each
// server of a template: a node's own where it is a node's name.
func (w *world) resolved(n *facts.Node, s *facts.Server) []netip.Addr {
	name := strings.ToLower(strings.TrimSuffix(s.Host, "."))
	if name == "" || strings.ContainsAny(name, "${}%") {
		w.unmet(n.Name, "the address %q is not known before HAProxy runs", s.Host)
		return nil
	}
	if name == "localhost" {
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	}
	if !strings.HasPrefix(name, "_") {
		return w.invent(name, s.Count)
	}
	// A service: its servers' names and ports come from the name server.
	_, domain, _ := strings.Cut(strings.TrimPrefix(name, "_"), "._")
	_, domain, _ = strings.Cut(domain, ".")
	var all []netip.Addr
	for i := range s.Count {
		target := "server-" + strconv.Itoa(i+1) + "." + domain
		a := w.invent(target, 1)
		all = append(all, a...)
		if one := (agentapi.SRV{Target: target, Port: servicePort}); len(w.services[name]) <= i {
			w.services[name] = append(w.services[name], one)
		}
	}
	if s.Port == 0 {
		s.Port, s.Follows = servicePort, false
	}
	return all
}

// servicePort is what a service's servers listen on: the real ones are known to
// the real name server alone.
const servicePort = 80

// invent gives a name as many addresses as are wanted.
func (w *world) invent(name string, count int) []netip.Addr {
	short, _, _ := strings.Cut(name, ".")
	for i, n := range w.lab.Nodes {
		host, _, _ := strings.Cut(strings.ToLower(n.Hostname), ".")
		if name != strings.ToLower(n.Hostname) && (short != host || short != name) {
			continue
		}
		for _, dev := range w.lab.Nodes[i].Interfaces {
			for _, p := range dev.Addresses {
				w.names[name] = []netip.Addr{p.Addr()}
				return w.names[name]
			}
		}
	}
	for len(w.names[name]) < max(1, count) {
		w.names[name] = append(w.names[name], w.next())
	}
	return w.names[name]
}

// next is an address for a name: of the range that is for tests (RFC 2544), so
// that it is nobody's.
func (w *world) next() netip.Addr {
	a := netip.AddrFrom4([4]byte{198, 19, 0, 0})
	for {
		if a = a.Next(); !w.taken[a] {
			w.taken[a] = true
			return a
		}
	}
}

// resolver sets up the name server, where the files have names.
func (w *world) resolver() {
	for i := range w.nodes {
		w.others(&w.nodes[i])
	}
	if len(w.names)+len(w.services)+len(w.asks) == 0 {
		return
	}
	own := w.own(w.lab.Networks[0].Name)
	if !own.IsValid() {
		return // that is said
	}
	d := &agentapi.BehindDNS{Listen: []string{net.JoinHostPort(own.String(), "53")}, Names: map[string][]string{}, Services: w.services}
	var words []string
	for _, name := range slices.Sorted(maps.Keys(w.names)) {
		for _, a := range w.names[name] {
			d.Names[name] = append(d.Names[name], a.String())
		}
		words = append(words, name+" "+strings.Join(d.Names[name], " "))
	}
	for _, a := range w.asks {
		place := w.owner(a.at.Addr())
		if a.at.Addr().IsLoopback() {
			place = a.node
		}
		if place != "" {
			w.node(place).local(a.at, d)
		} else if !slices.Contains(d.Listen, a.at.String()) {
			w.put(a.at.Addr())
			d.Listen = append(d.Listen, a.at.String())
		}
	}
	w.lab.Behind.DNS = d
	if len(words) > 0 {
		w.note("", "names are resolved by a name server of the lab: %s", strings.Join(words, "; "))
	}
	for _, name := range slices.Sorted(maps.Keys(w.services)) {
		w.note("", "the service %s has %d servers, all on port %d: the real ones are not known", name, len(w.services[name]), servicePort)
	}
}

// local has a node answer itself where the files ask a name server on the node.
func (n *Node) local(at netip.AddrPort, d *agentapi.BehindDNS) {
	if n.Local.DNS == nil {
		n.Local.DNS = &agentapi.BehindDNS{Names: d.Names, Services: d.Services}
	}
	if !slices.Contains(n.Local.DNS.Listen, at.String()) {
		n.Local.DNS.Listen = append(n.Local.DNS.Listen, at.String())
	}
}

// others finds names and name servers that are in no server line.
func (w *world) others(n *facts.Node) {
	for _, f := range n.HAProxy.Files {
		for _, s := range f.Sections {
			for _, l := range s.Lines {
				switch {
				case l.Word(0) == "nameserver" && s.Kind() == "resolvers":
					text := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(l.Word(2), "udp@"), "udp4@"), "tcp@")
					if a, err := netip.ParseAddrPort(text); err == nil {
						w.asks = append(w.asks, asked{n.Name, a})
						continue
					}
					w.named(text)
				case l.Word(0) == "peer" && s.Kind() == "peers", l.Word(0) == "mailer" && s.Kind() == "mailers":
					w.named(l.Word(2))
				case l.Word(0) == "log" && l.Word(1) != "global" && l.Word(1) != "stdout" && l.Word(1) != "stderr":
					w.log(n, l)
				}
			}
		}
	}
}

// log takes the target of a log line: a host's name needs an address, a socket is
// the image's business.
func (w *world) log(n *facts.Node, l *haproxyconf.Line) {
	target := l.Word(1)
	if strings.HasPrefix(target, "/") || strings.ContainsAny(target, "@$") {
		return
	}
	w.named(target)
	w.note(n.Name, "what HAProxy logs to %s is heard by nobody there; the lab keeps it with the node's own lines", target)
}

// named takes HOST:PORT or HOST, where the host is a name.
func (w *world) named(text string) {
	host, _, found := strings.Cut(text, ":")
	if !found {
		host = text
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil || host == "" || host == "localhost" || strings.ContainsAny(text, "[]${}/@") {
		return
	}
	w.invent(strings.ToLower(host), 1)
}
