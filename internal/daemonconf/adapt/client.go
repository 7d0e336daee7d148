package adapt

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/daemonconf/facts"
)

// client gives clients an address in every subnet, and finds out what they can ask.
func (w *world) client() {
	c := Client{Addresses: map[string][]netip.Prefix{}, Routes: map[string][]netip.Addr{}}
	for _, n := range w.lab.Networks {
		for _, p := range n.Prefixes {
			if a, ok := w.free(p); ok {
				c.Addresses[n.Name] = append(c.Addresses[n.Name], netip.PrefixFrom(a, p.Bits()))
			} else {
				w.unmet("", "there is no free address in %s for clients", p)
			}
		}
	}
	for i := range w.lab.VIPs {
		v := &w.lab.VIPs[i]
		inside := func(p netip.Prefix) bool { return p.Contains(v.Address.Addr()) }
		if !slices.ContainsFunc(w.network(v.Network).Prefixes, inside) {
			c.Routes[v.Network] = append(c.Routes[v.Network], v.Address.Addr())
		}
		for _, name := range v.Nodes {
			w.asked(name, v)
		}
	}
	w.lab.Client = c
}

// asked lists what a node's HAProxy takes at a VIP.
func (w *world) asked(node string, v *VIP) {
	for i := range w.nodes {
		n := &w.nodes[i]
		if n.Name != node {
			continue
		}
		n.HAProxy.Listening(func(p *facts.Proxy, b facts.Bind) {
			if !b.Takes(v.Address.Addr()) || b.Low <= 0 {
				return
			}
			url := fmt.Sprintf("%s://%s", w.spoken(p, b), netip.AddrPortFrom(v.Address.Addr(), uint16(b.Low)))
			at := func(have string) bool { return strings.HasSuffix(have, url[strings.Index(url, "://"):]) }
			if !slices.ContainsFunc(v.Listeners, at) {
				v.Listeners = append(v.Listeners, url)
			}
		})
	}
}

// spoken is what clients speak at a listener: what HAProxy speaks there, or, where it
// only passes bytes on, what stands behind.
func (w *world) spoken(p *facts.Proxy, b facts.Bind) string {
	if p.Mode.V == "http" {
		return secured("http", b.TLS)
	}
	kind, secure := "", b.TLS
	for _, l := range w.lab.Behind.Listeners {
		for _, back := range behindOf(p) {
			if slices.ContainsFunc(l.Servers, func(s string) bool { return strings.HasPrefix(s, back+"/") }) && kind == "" {
				kind, secure = "tcp", secure || l.TLS
				if l.Speaks == agentapi.BehindHTTP {
					kind = "http"
				}
			}
		}
	}
	return secured(kind, secure)
}

// secured is a word for what is spoken, over TLS or not.
func secured(kind string, over bool) string {
	switch {
	case kind == "http" && over:
		return "https"
	case kind == "http":
		return "http"
	case over:
		return "tls"
	}
	return "tcp"
}

// behindOf are the sections with the servers that a listener's traffic goes to.
func behindOf(p *facts.Proxy) []string {
	names := []string{p.Name}
	for _, l := range p.Leads {
		names = append(names, l.V)
	}
	return names
}
