package lab

import (
	"strings"

	"halab/internal/engine"
	"halab/internal/render"
	"halab/internal/topology"
)

// labelled is the cluster of a node's container, without nodes.
func labelled(c engine.Container) Cluster {
	cl := Cluster{Name: c.Labels[engine.LabelCluster], VIP: VIP{Holders: []string{}},
		Upstream: c.Labels[engine.LabelUpstream], Listeners: strings.Fields(c.Labels[engine.LabelListeners])}
	for i, word := range strings.Fields(c.Labels[engine.LabelVIP]) {
		name, address, _ := strings.Cut(word, "=")
		v := VIP{Name: name, Address: address, Holders: []string{}}
		if i == 0 {
			cl.VIP = v
		} else {
			cl.More = append(cl.More, v)
		}
	}
	return cl
}

// servicesOf are those of a node beside itself.
func servicesOf(c engine.Container) []string {
	if list, some := c.Labels[engine.LabelServices]; some {
		return strings.Fields(list)
	}
	var all []string
	for _, service := range topology.Services()[1:] {
		all = append(all, string(service))
	}
	return all
}

// VIPs are all that the cluster's nodes move.
func (c *Cluster) VIPs() []VIP {
	if c.VIP.Address == "" {
		return nil
	}
	return append([]VIP{c.VIP}, c.More...)
}

// Has says whether the node is to have a service.
func (n Node) Has(service topology.Service) bool {
	_, has := n.Services[string(service)]
	return has
}

// EdgeURL is what a probe of the cluster's VIP asks: a page that the HAProxy of its
// holder answers itself, whatever its servers do. Where the files are the user's own it
// is the first listener of IPv4 there, in the words of agentapi.StreamSpec: of what is
// encrypted the server's side of the handshake; "" where nothing listens.
func (c *Cluster) EdgeURL() string {
	if !c.own() {
		return "http://" + c.VIP.Address + render.AlivePath
	}
	for _, text := range c.Listeners {
		l, ok := topology.ParseListener(text)
		if !ok || l.Address.Addr().String() != c.VIP.Address || !l.Address.Addr().Is4() {
			continue
		}
		switch l.Speaks {
		case "http":
			return text + "/"
		case "https":
			l.Speaks = "tls"
		}
		return l.String()
	}
	return ""
}

// Own says whether the lab runs files of the user's own.
func (s *State) Own() bool { return s.Profile == string(topology.ProfileOwn) }

// own says whether the cluster's nodes run files of the user's own.
func (c *Cluster) own() bool { return len(c.Nodes) > 0 && c.Nodes[0].own }
