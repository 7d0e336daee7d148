package lint

import (
	"fmt"
	"slices"
	"strings"

	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/forecast"
)

// listeners finds ports that one node of a cluster has and the other has not.
func listeners(w *world) {
	for _, c := range w.clusters {
		for _, a := range c.Members {
			for _, b := range c.Members {
				if a.Node == b.Node || !a.Node.HAProxy.Present || !b.Node.HAProxy.Present {
					continue
				}
				w.missing(c, a.Node, b.Node)
			}
		}
	}
}

func (w *world) missing(c forecast.Cluster, a, b *facts.Node) {
	a.HAProxy.Listening(func(p *facts.Proxy, bind facts.Bind) {
		for _, v := range c.VIPs {
			if !bind.Takes(v) || bind.Low == 0 {
				continue
			}
			has := false
			b.HAProxy.Listening(func(_ *facts.Proxy, other facts.Bind) {
				has = has || other.Takes(v) && other.Low <= bind.Low && bind.Low <= other.High
			})
			if !has {
				w.find(Finding{At: bind.At, Drill: "node-crash", Sees: fmt.Sprintf("after the VIP has moved to %s, connections to port %d are refused", b.Name, bind.Low),
					What: fmt.Sprintf("%s listens on port %d of the VIP %s, and %s does not", a.Name, bind.Low, v, b.Name)})
				return
			}
		}
	})
}

// nowhere finds names of backends that there are not: HAProxy refuses the file.
func nowhere(w *world) {
	for _, n := range w.nodes {
		for _, p := range n.HAProxy.Proxies {
			for _, to := range p.Leads {
				known := slices.ContainsFunc(n.HAProxy.Proxies, func(q facts.Proxy) bool { return q.Name == to.V && q.Kind != "frontend" })
				if !known && !dynamic(to.V) {
					w.find(Finding{At: to.At, refused: to.At.File, Sees: "connections to the VIP are refused: HAProxy does not start",
						What: fmt.Sprintf("%s leads to %s, which there is not: HAProxy refuses the file", p.Name, to.V)})
				}
			}
		}
	}
}

// dynamic says whether a backend's name is computed for each request.
func dynamic(name string) bool { return slices.Contains([]byte(name), '%') }

// included finds include lines that find nothing.
func included(w *world) {
	for _, n := range w.nodes {
		if n.Keepalived.Conf == nil {
			continue
		}
		for _, b := range n.Keepalived.Conf.Missing {
			w.find(Finding{At: b.At(), Sees: "what stands in the files is not known here", What: fmt.Sprintf("include %s finds no file: what it would bring is not judged", b.Word(1))})
		}
	}
}

// notRun names what is read and not judged.
func notRun(w *world) {
	for _, n := range w.nodes {
		for _, at := range n.Keepalived.VirtualServers {
			w.find(Finding{At: at, Sees: "nothing is said about it", What: "virtual_server is read and not judged: the kernel's IP_VS does its work"})
			break
		}
	}
}

// cut finds passwords of which keepalived takes a part.
func cut(w *world) {
	for _, n := range w.nodes {
		for _, in := range n.Keepalived.Instances {
			if len(in.AuthPass.V) > 8 && in.Version.V == 2 {
				w.find(Finding{At: in.AuthPass.At, Sees: "nothing, as long as the first eight characters are the same everywhere",
					What: "auth_pass is cut to eight characters"})
			}
		}
	}
}

// strict finds a VIP whose packets keepalived itself drops.
func strict(w *world) {
	for _, n := range w.nodes {
		for _, in := range n.Keepalived.Instances {
			if !in.Strict || in.Accept || len(in.VIPs) == 0 {
				continue
			}
			at := n.Keepalived.Global.Strict.At
			if !at.Known() {
				at = in.At
			}
			w.find(Finding{At: at, Sees: "no connection to the VIP is answered, though a node holds it",
				What: "vrrp_strict makes keepalived drop what is sent to the VIP: a master that is not the address's owner does not accept it",
				Cure: w.remove(at, "leave it out, or say accept in the vrrp_instance (VRRPv3)")})
		}
	}
}

// ignored finds words that keepalived does not take, and instances that are left
// without an address.
func ignored(w *world) {
	for _, n := range w.nodes {
		for _, i := range n.Keepalived.Ignored {
			f := Finding{At: i.At, Sees: "another node holds the VIP than was meant, or none",
				What: fmt.Sprintf("%s %s is no %s that keepalived knows: it says so in its log and takes %s", i.Keyword, i.V, i.Keyword, i.Instead)}
			switch i.Keyword {
			case "state":
				f.Severity, f.Sees = Warning, "nothing, as long as the priorities decide"
				f.Cure = w.replace(i.At, i.V, strings.ToUpper(i.V), "capital letters")
			case "virtual_ipaddress":
				f.What, f.Sees = fmt.Sprintf("%s is no address: keepalived leaves it out", i.V), seesNobody
			}
			w.find(f)
		}
		for _, in := range n.Keepalived.Instances {
			if len(in.VIPs) == 0 {
				w.find(Finding{At: in.At, Sees: seesNobody, What: fmt.Sprintf("vrrp_instance %s has no address to move", in.Name)})
			}
		}
	}
}
