package lint

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/forecast"
	"halab/internal/daemonconf/source"
)

// vips are all addresses that keepalived moves, with the nodes that have them.
func (w *world) vips() map[netip.Addr]bool {
	all := map[netip.Addr]bool{}
	for _, c := range w.clusters {
		for _, v := range c.VIPs {
			all[v] = true
		}
	}
	return all
}

// bound finds listeners on the VIP itself: without ip_nonlocal_bind HAProxy can't
// start on the node that does not hold it.
func bound(w *world) {
	vips := w.vips()
	foreignBinds(w, vips)
	for _, n := range w.nodes {
		n.HAProxy.Listening(func(p *facts.Proxy, b facts.Bind) {
			if !vips[b.Addr] || b.Transparent || n.Nonlocal(b.Addr.Is6()) || !n.Keepalived.Present {
				return
			}
			family := "ipv4"
			if b.Addr.Is6() {
				family = "ipv6"
			}
			w.find(Finding{At: b.At, Drill: "node-crash", Sees: "the VIP moves, and every connection to it is refused: HAProxy is not running on the node that has it now",
				What: fmt.Sprintf("%s listens on the VIP %s, and nothing sets net.%s.ip_nonlocal_bind: on the node without the VIP HAProxy can't start", p.Name, b.Addr, family),
				Cure: w.replace(b.At, b.Text, strings.Replace(b.Text, b.Addr.String(), "", 1), "listen on all addresses, or set net."+family+".ip_nonlocal_bind = 1 in /etc/sysctl.d")})
		})
	}
}

// beside finds listeners that are one digit beside the VIP, and VIPs on which
// nothing listens.
func beside(w *world) {
	vips := w.vips()
	own := map[netip.Addr]bool{}
	for _, n := range w.nodes {
		own[n.Address()] = true
		if n.Machine != nil {
			for _, dev := range n.Machine.Interfaces {
				for _, p := range dev.Addresses {
					own[p.Addr()] = true
				}
			}
		}
		for _, in := range n.Keepalived.Instances {
			for _, p := range in.Peers {
				own[p.V] = true
			}
		}
		for _, p := range n.HAProxy.Proxies {
			for _, s := range p.Servers {
				own[s.Addr] = true
			}
		}
	}
	for _, n := range w.nodes {
		if !n.HAProxy.Present || !n.Keepalived.Present {
			continue
		}
		for _, c := range w.clusters {
			if !slices.ContainsFunc(c.Members, func(m forecast.Member) bool { return m.Node.Name == n.Name }) {
				continue
			}
			for _, v := range c.VIPs {
				w.listensOn(n, v, vips, own)
			}
		}
	}
}

func (w *world) listensOn(n facts.Node, v netip.Addr, vips, own map[netip.Addr]bool) {
	taken, any := false, false
	var near *facts.Bind
	n.HAProxy.Listening(func(_ *facts.Proxy, b facts.Bind) {
		taken = taken || b.Takes(v)
		any = any || b.Any() || vips[b.Addr]
		if b.Addr.IsValid() && !vips[b.Addr] && !own[b.Addr] && !b.Addr.IsLoopback() && !b.Any() && w.onSeveral(b.Addr) && distance(b.Addr.String(), v.String()) == 1 && near == nil {
			near = &b
		}
	})
	switch {
	case near != nil:
		w.find(Finding{At: near.At, Sees: "connections to the VIP are refused",
			What: fmt.Sprintf("HAProxy listens on %s, one digit beside the VIP %s, and no node has that address", near.Addr, v),
			Cure: w.replace(near.At, near.Text, strings.Replace(near.Text, near.Addr.String(), v.String(), 1), "the VIP is meant")})
	case !taken && len(n.HAProxy.Proxies) > 0:
		f := Finding{Severity: Warning, At: n.HAProxy.Proxies[0].At, Sees: "connections to the VIP are refused",
			What: fmt.Sprintf("nothing listens on the VIP %s: no bind of HAProxy has it or all addresses", v)}
		if !any {
			f.Severity = Error // not even another VIP has a listener
		}
		w.find(f)
	}
}

// onSeveral says whether several nodes bind an address, so that it is no node's
// own; where one node alone is known, that can't be told and counts as yes.
func (w *world) onSeveral(a netip.Addr) bool {
	with, all := 0, 0
	for i := range w.nodes {
		if !w.nodes[i].HAProxy.Present {
			continue
		}
		all++
		has := false
		w.nodes[i].HAProxy.Listening(func(_ *facts.Proxy, b facts.Bind) { has = has || b.Addr == a })
		if has {
			with++
		}
	}
	return with > 1 || all == 1
}

// distance is how many characters of two texts differ: one put in, left out or
// changed is 1, more is 2.
func distance(a, b string) int {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || a == b {
		return 2 * (len(b) - len(a))
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	rest := a[i:]
	if len(a) == len(b) {
		rest = a[i+1:]
	}
	if rest == b[i+1:] {
		return 1
	}
	return 2
}

// idle finds TCP services whose idle connections HAProxy ends.
func idle(w *world) {
	const short = 10 * 60_000
	w.eachService(func(n *facts.Node, front, back *facts.Proxy) {
		if front.Mode.V != "tcp" || back.Timeouts["tunnel"].Set {
			return
		}
		limit, which := facts.Idle(front, back)
		if which == "" || limit.V >= short {
			return
		}
		w.find(Finding{At: limit.At, Sees: fmt.Sprintf("a connection over which nothing goes for %g s is cut: watches, pools and consoles break", limit.V/1000),
			What: fmt.Sprintf("idle connections of %s end after %g s (timeout %s): mode tcp without timeout tunnel", front.Name, limit.V/1000, which),
			Cure: w.add(limit.At, "idle connections then live as long as this", "timeout tunnel 1h")})
	})
}

// eachService visits each pair of what listens and where it leads, on each node.
func (w *world) eachService(see func(n *facts.Node, front, back *facts.Proxy)) {
	for i := range w.nodes {
		n := &w.nodes[i]
		for j := range n.HAProxy.Proxies {
			p := &n.HAProxy.Proxies[j]
			if len(p.Binds) == 0 {
				continue
			}
			for _, back := range n.HAProxy.Backends(p) {
				if len(back.Servers) > 0 {
					see(n, p, back)
				}
			}
		}
	}
}

// sessions finds TCP services whose health is asked for by HTTP, so that a
// server may be marked down and go on serving what it has.
func sessions(w *world) {
	w.eachService(func(n *facts.Node, front, back *facts.Proxy) {
		if back.Mode.V != "tcp" || back.Check.Name != "httpchk" && back.Check.Name != "external-check" {
			return
		}
		for _, s := range back.Servers {
			if !s.Checked.V || s.OnDown.V == "shutdown-sessions" {
				continue
			}
			w.find(Finding{At: back.At, Drill: "app-hang", Sees: "a client goes on writing to a server that is no longer the one; with the cure, long queries die with the server",
				What: fmt.Sprintf("sessions stay on a server of %s that is marked down: there is no on-marked-down shutdown-sessions", back.Name),
				Cure: w.add(back.At, "end them when the server is marked down", "    default-server on-marked-down shutdown-sessions")})
			return
		}
	})
}

// dispatch finds retries that all go to the server that is dead.
func dispatch(w *world) {
	w.eachService(func(n *facts.Node, front, back *facts.Proxy) {
		if back.Redispatch.V || len(back.Servers) < 2 || !back.Servers[0].Checked.V {
			return
		}
		s := back.Servers[0]
		fast := s.FastMs.V
		if fast == 0 {
			fast = s.InterMs.V
		}
		low := float64(s.Fall.V-1) * fast
		f := Finding{At: back.At, Drill: "app-kill", Severity: Info,
			Sees: fmt.Sprintf("a part of the requests ends with 503 or a closed connection for %g–%g s, and as long again as it takes to connect", low/1000, (low+s.InterMs.V)/1000),
			What: fmt.Sprintf("%s has no option redispatch: all %d retries go to the server that has just died", back.Name, back.Retries.V)}
		at := back.At
		// Where somebody has tuned retries or checks, this is not what they want.
		switch {
		case back.Retries.Set && back.Retries.V > 0:
			f.Severity, f.At, at = Warning, back.Retries.At, back.Retries.At
		case s.InterMs.Set || s.Fall.Set:
			f.Severity = Warning
		}
		f.Cure = w.add(at, "let the retry go to another server", "option redispatch 1")
		w.find(f)
	})
}

// lastCheck finds a check that a later one replaces.
func lastCheck(w *world) {
	for _, n := range w.nodes {
		for _, p := range n.HAProxy.Proxies {
			list := slices.DeleteFunc(p.Checks(), func(o facts.Option) bool { return o.Default })
			for i := 0; i+1 < len(list); i++ {
				if last := list[len(list)-1]; list[i].Name != last.Name {
					what := fmt.Sprintf("option %s", source.Join(list[i].Words[1:]))
					w.find(Finding{At: list[i].At(), Also: []source.Pos{last.At()}, Drill: "app-hang", Sees: "a server that answers with errors stays in use",
						What: fmt.Sprintf("%s of %s is never asked: the last option that chooses a check wins, which is option %s", what, p.Name, last.Name),
						Cure: w.remove(last.At(), "leave the check that is meant (check-ssl on the server line speaks TLS)")})
				}
			}
		}
	}
}

// unchecked finds a check that no server uses.
func unchecked(w *world) {
	for _, n := range w.nodes {
		for _, p := range n.HAProxy.Proxies {
			if len(p.Servers) == 0 || p.Check.Name == "" || slices.ContainsFunc(p.Servers, func(s facts.Server) bool { return s.Checked.V }) {
				continue
			}
			if !slices.ContainsFunc(p.Options, func(o facts.Option) bool { return o.Name == p.Check.Name && !o.Default }) {
				continue
			}
			w.find(Finding{At: p.Servers[0].At, Drill: "app-kill", Sees: "a dead server gets its share of the requests for ever",
				What: fmt.Sprintf("%s has option %s, but no server has the word check: none is ever asked", p.Name, p.Check.Name),
				Cure: &Cure{Text: "put check on the server lines", At: p.Servers[0].At, Old: []string{w.line(p.Servers[0].At)}, New: []string{w.line(p.Servers[0].At) + " check"}}})
		}
	}
}
