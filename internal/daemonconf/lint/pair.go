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

const seesTwo = "two nodes hold the VIP: a part of the connections ends on one, a part on the other, and they break whenever the address's owner changes"

// differences judges whether two members hear each other; each kind is a rule.
func differences(what string) func(*world) {
	return func(w *world) {
		for _, c := range w.clusters {
			for i, a := range c.Members {
				for _, b := range c.Members[i+1:] {
					for _, d := range forecast.Differences(a, b) {
						if d.What == what {
							w.differ(a, b, d)
						}
					}
				}
			}
		}
	}
}

func (w *world) differ(a, b forecast.Member, d forecast.Difference) {
	f := Finding{At: d.A, Also: []source.Pos{d.B}, What: d.Text, Sees: seesTwo}
	if what := a.Node.Name + " and " + b.Node.Name + " are deaf to each other: "; !d.Learn {
		f.What = what + d.Text
	} else {
		f.Severity, f.Sees = Warning, "nothing at rest; one of them refuses what the other says, and waits longer or shorter than its file says"
	}
	switch d.What {
	case "cast":
		quiet := a
		if len(a.Is.Peers) > 0 {
			quiet = b
		}
		if quiet.Is.Unicast.Set {
			f.What += " (unicast_peer of " + quiet.Node.Name + " is empty)"
			f.At = quiet.Is.Unicast.At
		}
	case "addresses":
		f.Sees = "until both have the same list and are reloaded, both are master: " + seesTwo
	case "router-id", "advert":
		if word, other := w.wordAt(d.A), w.wordAt(d.B); word != "" && other != "" {
			f.Cure = w.replace(d.B, other, word, "the same on both nodes")
		}
	}
	w.find(f)
}

// samePriority finds nodes between which only the address decides.
func samePriority(w *world) {
	for _, c := range w.clusters {
		for i, a := range c.Members {
			for j, b := range c.Members[i+1:] {
				if equals := func(m forecast.Member) bool { return m.Priority() == a.Priority() }; equals(b) && slices.ContainsFunc(c.Members[i+1:i+1+j], equals) {
					continue // of three it is said of the first and second, and of the second and third
				}
				masters := a.Is.State.V == "MASTER" && b.Is.State.V == "MASTER"
				equal := a.Priority() == b.Priority()
				at := func(m forecast.Member) source.Pos {
					if m.Is.Priority.At.Known() && equal {
						return m.Is.Priority.At
					}
					if m.Is.State.At.Known() {
						return m.Is.State.At
					}
					return m.Is.At
				}
				f := Finding{At: at(a), Also: []source.Pos{at(b)},
					Sees: "the VIP jumps at every start: connections made in that moment break"}
				lower := b
				if b.Priority() > a.Priority() {
					lower = a
				}
				switch {
				case equal && masters:
					f.What = fmt.Sprintf("%s and %s have the same priority %d and both state MASTER: two holders after each start, for up to an advert; the address decides who keeps the VIP", a.Node.Name, b.Node.Name, a.Priority())
				case equal && !(a.Is.NoPreempt.V && b.Is.NoPreempt.V):
					f.Severity = Warning
					f.What = fmt.Sprintf("%s and %s have the same priority %d: the address decides who holds the VIP", a.Node.Name, b.Node.Name, a.Priority())
				case masters:
					f.Severity = Warning
					f.What = fmt.Sprintf("%s has the lower priority and state MASTER as well: each start of it makes two holders for up to an advert", lower.Node.Name)
				default:
					continue
				}
				if masters {
					f.Cure = w.replace(lower.Is.State.At, "MASTER", "BACKUP", "one MASTER only")
				}
				if equal && masters {
					f.Cure = w.replace(b.Is.Priority.At, fmt.Sprint(b.Is.Priority.V), fmt.Sprint(max(1, b.Is.Priority.V-1)), "priorities that differ, and state BACKUP on the lower one")
				}
				if line := w.line(a.Is.Priority.At); a.Is.Priority.At == b.Is.Priority.At && line != "" {
					word := strings.TrimSpace(line)
					indent := line[:strings.Index(line, word)]
					f.Cure = &Cure{Text: "one file for all nodes: lines for one node begin with its name", At: a.Is.Priority.At, Old: []string{line},
						New: []string{indent + "@" + a.Node.Name + " " + word, fmt.Sprintf("%s@%s priority %d", indent, b.Node.Name, max(1, b.Is.Priority.V-1))}}
				}
				w.find(f)
			}
		}
	}
}

// sources finds a unicast_src_ip that is another node's.
func sources(w *world) {
	type use struct {
		node string
		at   source.Pos
	}
	used := map[netip.Addr]use{}
	for _, n := range w.nodes {
		for _, in := range n.Keepalived.Instances {
			a := in.Source
			if !a.Set {
				continue
			}
			if u, ok := used[a.V]; ok && u.node != n.Name {
				w.find(Finding{At: a.At, Also: []source.Pos{u.at}, Sees: "on keepalived 2.2 the instance is in FAULT; on 2.3 every VIP is on every node",
					What: fmt.Sprintf("%s and %s both say that %s is their own address", u.node, n.Name, a.V)})
				continue
			}
			used[a.V] = use{n.Name, a.At}
			if notOwn(n, a.V) {
				w.find(Finding{At: a.At, Sees: "on keepalived 2.2 the instance is in FAULT; on 2.3 every VIP is on every node",
					What: fmt.Sprintf("%s does not have the address %s that its file calls its own", n.Name, a.V)})
			}
			for _, p := range in.Peers {
				if p.V == a.V && len(in.Peers) == 1 { // a list of all nodes may name itself
					w.find(Finding{At: a.At, Also: []source.Pos{p.At}, Sees: seesTwo,
						What: fmt.Sprintf("%s speaks to itself: %s is its own address and its peer; one of the two is another node's", n.Name, a.V)})
				}
			}
		}
	}
}

// sharedIDs finds two clusters with one virtual_router_id on one segment.
func sharedIDs(w *world) {
	for i, c := range w.clusters {
		for _, d := range w.clusters[i+1:] {
			if !c.Shares(d) {
				continue
			}
			a, b := c.Members[0], d.Members[0]
			f := Finding{At: a.Is.RouterID.At, Also: []source.Pos{b.Is.RouterID.At}, Sees: seesTwo,
				What: fmt.Sprintf("virtual_router_id %d is used for %s (%s) and for %s (%s) on one segment: each hears the other's adverts and refuses them",
					a.Is.RouterID.V, c.VIPs[0], a.Node.Name, d.VIPs[0], b.Node.Name)}
			if len(w.nodes) == 2 && len(c.Members) == 1 && len(d.Members) == 1 && a.Node != b.Node {
				f.What = fmt.Sprintf("%s and %s share virtual_router_id %d and no address: one moves %s, the other %s", a.Node.Name, b.Node.Name, a.Is.RouterID.V, c.VIPs[0], d.VIPs[0])
				f.Sees = "neither VIP moves when its node is lost"
			}
			f.Cure = w.replace(b.Is.RouterID.At, fmt.Sprint(b.Is.RouterID.V), fmt.Sprint(w.freeID()), "an id of its own, on all nodes of that cluster")
			w.find(f)
		}
	}
}

// freeID is a virtual_router_id that nobody has.
func (w *world) freeID() int {
	used := map[int]bool{}
	for _, n := range w.nodes {
		for _, in := range n.Keepalived.Instances {
			used[in.RouterID.V] = true
		}
	}
	for id := 52; id < 256; id++ {
		if !used[id] {
			return id
		}
	}
	return 1
}

// crossed finds sync groups in which one node leads in one instance and the
// other in another: each takes both away from the other, without end.
func crossed(w *world) {
	for i := range w.nodes {
		for _, g := range w.nodes[i].Keepalived.Groups {
			endless := slices.ContainsFunc(w.clusters, func(c forecast.Cluster) bool {
				return c.Crossed != "" && slices.ContainsFunc(c.Members, func(m forecast.Member) bool { return m.Node == &w.nodes[i] && m.Is.Group == g.Name })
			})
			if !endless {
				continue
			}
			w.find(Finding{At: g.At, Sees: "the VIPs jump from node to node for ever; connections live for seconds",
				What: fmt.Sprintf("sync group %s has crossed priorities: one node is first in one instance, the other in another, so elections have no end", g.Name),
				Cure: &Cure{Text: "one node first in all instances of the group", At: g.At}})
		}
	}
}

// ignoredNoPreempt finds nopreempt where it does nothing.
func ignoredNoPreempt(w *world) {
	for _, n := range w.nodes {
		for _, in := range n.Keepalived.Instances {
			if in.NoPreempt.Set && !in.NoPreempt.V && in.State.V == "MASTER" {
				w.find(Finding{At: in.NoPreempt.At, Drill: "node-crash", Sees: "the VIP moves a second time when the node comes back",
					What: "nopreempt with state MASTER is ignored: the node takes the VIP back", Cure: w.replace(in.State.At, "MASTER", "BACKUP", "nopreempt needs state BACKUP on all nodes")})
			}
		}
	}
}

// booted finds notify scripts that a moment's mastership at boot misleads.
func booted(w *world) {
	for _, c := range w.clusters {
		for _, m := range c.Members {
			k := m.Node.Keepalived
			has := func(event string) bool {
				return slices.ContainsFunc(m.Is.Notify, func(n facts.Notify) bool { return n.Event == event })
			}
			if len(c.Members) < 2 || !has("notify_master") || has("notify_master_rx_lower_pri") || k.Global.StartupDelay.Set || !k.Version.AtLeast("2") || m.Is.NoPreempt.V {
				continue
			}
			w.find(Finding{At: m.Is.At, Sees: "what notify_master does may be undone by the other node, and is not done again",
				What: "a backup that boots may be master for a moment; the real master hears its lower adverts and does not run notify_master again",
				Cure: w.add(m.Is.At, "run it again then; vrrp_startup_delay in global_defs helps as well", "    notify_master_rx_lower_pri "+quoteCommand(m))})
		}
	}
}

func quoteCommand(m forecast.Member) string {
	for _, n := range m.Is.Notify {
		if n.Event == "notify_master" {
			return `"` + n.Command.V + `"`
		}
	}
	return ""
}

func blind(w *world) {
	for _, n := range w.nodes {
		if k := n.Keepalived; k.Present && len(k.Instances) > 0 && !k.Version.AtLeast("2") {
			w.find(Finding{At: k.Instances[0].At, Sees: seesNobody + " until somebody notices",
				What: "keepalived before 2.0 does not see it when somebody else (networkd, NetworkManager) takes the VIP off the interface"})
		}
	}
}

// single finds addresses that one node of several has.
func single(w *world) {
	for _, c := range w.clusters {
		if len(w.nodes) < 2 || len(c.Members) > 1 {
			continue
		}
		in := c.Members[0].Is
		shared := slices.ContainsFunc(w.found, func(f Finding) bool {
			return f.Rule == "router-id-shared" && (f.At == in.RouterID.At || slices.Contains(f.Also, in.RouterID.At))
		})
		if !shared {
			w.find(Finding{At: in.At, Drill: "node-crash", Sees: seesNobody + " when that node is lost",
				What: fmt.Sprintf("only %s has the VIP %s: no other node takes it over", c.Members[0].Node.Name, c.VIPs[0])})
		}
	}
}
