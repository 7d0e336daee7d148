package lint

import (
	"fmt"
	"net/netip"

	"halab/internal/daemonconf/checks"
	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/forecast"
	"halab/internal/daemonconf/source"
)

// Rules that need to know the machine, as halab import finds it: where only files
// are known they find nothing.

// absentProgram finds checks whose program is not on the machine.
func absentProgram(w *world) {
	w.eachCheck(func(m forecast.Member, t facts.Tracked, look checks.Check) {
		if look.Absent == "" {
			return
		}
		sees := seesNever
		if t.Weight.V == 0 {
			sees = "the node is in FAULT always: when the others are lost, " + seesNobody
		}
		w.find(Finding{At: t.Script.Command.At, Drill: "node-crash", Sees: sees,
			What: fmt.Sprintf("check %s always fails: %s has no %s", t.Name, m.Node.Name, look.Absent)})
	})
}

// noInterface finds interfaces that the machine does not have.
func noInterface(w *world) {
	for _, n := range w.nodes {
		if n.Machine == nil || len(n.Machine.Interfaces) == 0 || n.Keepalived.Global.Dynamic {
			continue
		}
		for _, in := range n.Keepalived.Instances {
			w.noInterface(n, in.Interface.V, in.Interface.At, "the instance "+in.Name)
			for _, v := range in.VIPs {
				if v.Dev != in.Interface.V {
					w.noInterface(n, v.Dev, v.At, "the address "+v.Addr.String())
				}
			}
		}
	}
}

func (w *world) noInterface(n facts.Node, name string, at source.Pos, what string) {
	if _, ok := n.Machine.Interface(name); ok || name == "" {
		return
	}
	var have []string
	for _, i := range n.Machine.Interfaces {
		if len(i.Addresses) > 0 && i.Name != "lo" {
			have = append(have, i.Name)
		}
	}
	f := Finding{At: at, Drill: "node-crash", Sees: seesNobody + " when the other nodes are lost",
		What: fmt.Sprintf("%s has no interface %s (it has %s): keepalived leaves %s out", n.Name, name, list(have), what)}
	if len(have) == 1 {
		f.Cure = w.replace(at, name, have[0], "the name that the machine has for it")
	}
	w.find(f)
}

func list(words []string) string {
	if len(words) == 0 {
		return "none with an address"
	}
	text := words[0]
	for _, word := range words[1:] {
		text += ", " + word
	}
	return text
}

// notOwn says whether an address is known to be none of the machine's own.
func notOwn(n facts.Node, a netip.Addr) bool {
	own, known := n.Has(a)
	return known && !own
}

// foreignBinds finds listeners on addresses that are neither the machine's nor a
// VIP.
func foreignBinds(w *world, vips map[netip.Addr]bool) {
	for _, n := range w.nodes {
		n.HAProxy.Listening(func(p *facts.Proxy, b facts.Bind) {
			if b.Any() || b.Unix || b.Addr.IsLoopback() || vips[b.Addr] || b.Transparent || n.Nonlocal(b.Addr.Is6()) || !notOwn(n, b.Addr) {
				return
			}
			w.find(Finding{At: b.At, Drill: "node-crash", Sees: "HAProxy does not start on " + n.Name + ": when the VIP comes, every connection to it is refused",
				What: fmt.Sprintf("%s listens on %s, which %s does not have", p.Name, b.Addr, n.Name)})
		})
	}
}
