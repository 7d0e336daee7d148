// Package forecast computes from facts what each fault will cost: how long the
// VIP is away, that it never moves, that nobody holds it, or that two do. It is
// pure arithmetic, and every figure comes with its formula.
//
// The rules are those of RFC 5798 (sections 6.1 and 6.4) as keepalived has them:
// VRRPv2 counts its skew in 256ths of a second whatever advert_int is; a check
// with a weight changes the priority and never makes FAULT; 1.3.5 reckons the
// skew from the priority of the file and sets the address one advert later.
package forecast

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"halab/internal/daemonconf/checks"
	"halab/internal/daemonconf/facts"
)

// Member is a node's part in a cluster.
type Member struct {
	Node *facts.Node
	Is   *facts.Instance
	// Looks are what is known of its tracked scripts, by the script's name.
	Looks map[string]checks.Check
}

// Cluster is the nodes that move the same addresses.
type Cluster struct {
	VIPs    []netip.Addr
	Members []Member
	Alone   bool // only one node's files are known
}

// Clusters finds out which instances of which nodes belong together: those that
// have an address in common, or are tied by a third that has.
func Clusters(nodes []facts.Node) []Cluster {
	var members []Member
	for i := range nodes {
		for j := range nodes[i].Keepalived.Instances {
			members = append(members, member(&nodes[i], &nodes[i].Keepalived.Instances[j]))
		}
	}
	var list []Cluster
	in := map[netip.Addr]int{} // address -> cluster
	for _, m := range members {
		to := -1
		for _, v := range m.Is.VIPs {
			if n, ok := in[v.Addr]; ok && !list[n].has(m.Node) {
				to = n
				break
			}
		}
		if to < 0 {
			list, to = append(list, Cluster{Alone: len(nodes) == 1}), len(list)
		}
		c := &list[to]
		c.Members = append(c.Members, m)
		for _, v := range m.Is.VIPs {
			if !slices.Contains(c.VIPs, v.Addr) {
				c.VIPs = append(c.VIPs, v.Addr)
				in[v.Addr] = to
			}
		}
	}
	return slices.DeleteFunc(list, func(c Cluster) bool { return len(c.VIPs) == 0 })
}

func (c Cluster) has(n *facts.Node) bool {
	return slices.ContainsFunc(c.Members, func(m Member) bool { return m.Node == n })
}

func member(n *facts.Node, in *facts.Instance) Member {
	m := Member{n, in, map[string]checks.Check{}}
	for _, t := range in.Tracked {
		if t.Script != nil {
			m.Looks[t.Name] = checks.Look(n, t.Script)
		}
	}
	return m
}

// Counts says whether keepalived acts on a tracked thing: it is defined, it is
// run, and, in a sync group, it has no weight (scripts with weights are dropped
// there).
func (m Member) Counts(t facts.Tracked) bool {
	if !t.Works() || t.Script != nil && m.Looks[t.Name].Off != "" {
		return false
	}
	return m.Is.Group == "" || t.Weight.V == 0
}

// Sees says whether a tracked thing notices that HAProxy is dead.
func (m Member) Sees(t facts.Tracked) bool {
	switch {
	case !m.Counts(t):
		return false
	case t.Script != nil:
		return m.Looks[t.Name].Sees()
	case t.Kind == "process":
		return strings.Contains(t.Tracker.Path, "haproxy")
	}
	return t.Kind == "file"
}

// Followed says whether halab's process 1 watches HAProxy and ends keepalived when
// it is gone: the lab's own way before keepalived 2.0, which follows no files. Its
// configuration tracks nothing and says so in its first line alone.
func (m Member) Followed() bool {
	conf := m.Node.Keepalived.Conf
	if len(m.Is.Tracked) > 0 || conf == nil || len(conf.Files) == 0 || m.Node.Keepalived.Version.AtLeast("2.0") {
		return false
	}
	first, _, _ := strings.Cut(conf.Files[0].String(), "\n")
	return strings.HasPrefix(first, "# keepalived.conf of ") && strings.HasSuffix(first, ", profile fast.")
}

// Priority is the effective priority while HAProxy is well: a positive weight is
// added while its check succeeds, a negative one while it fails.
func (m Member) Priority() int { return m.clamp(m.total(func(facts.Tracked) bool { return true })) }

// Down is the effective priority once every check that sees it calls HAProxy
// dead.
func (m Member) Down() int {
	return m.clamp(m.total(func(t facts.Tracked) bool { return !m.Sees(t) }))
}

// clamp keeps a sum of priority and weights within what an advert can say. The
// sum itself may be more: 200 with a weight of 100 is 254 now and 200, not 154,
// when the check fails.
func (m Member) clamp(total int) int {
	if m.Is.Priority.V == 255 {
		return 255 // the address's owner
	}
	return min(254, max(1, total))
}

func (m Member) total(well func(facts.Tracked) bool) int {
	p := m.Is.Priority.V
	for _, t := range m.Is.Tracked {
		if !m.Counts(t) || t.Kind == "file" {
			continue
		}
		ok := well(t) && m.Looks[t.Name].Fails == ""
		if w := t.Weight.V; w > 0 && ok || w < 0 && !ok {
			p += w
		}
	}
	return p
}

// Stuck says why a node is in FAULT for ever although HAProxy is well.
func (m Member) Stuck() string {
	if n := m.Node.Machine; n != nil && len(n.Interfaces) > 0 && !m.Node.Keepalived.Global.Dynamic {
		if _, ok := n.Interface(m.Is.Interface.V); !ok {
			return "it has no interface " + m.Is.Interface.V
		}
	}
	for _, t := range m.Is.Tracked {
		look := m.Looks[t.Name]
		if m.Counts(t) && (t.Weight.V == 0 || look.Stops) && t.Script != nil && look.Fails != "" {
			return fmt.Sprintf("check %s can never succeed: %s", t.Name, look.Fails)
		}
	}
	return ""
}

// Cold says why HAProxy does not run on the node while another one holds the
// VIP, and whether it starts when the VIP comes.
func (m Member) Cold() (why string, starts bool) {
	for _, n := range m.Is.Notify {
		if n.Event == "notify_master" && checks.Command(m.Node, n.Command.V).Starts {
			return "HAProxy is started by notify_master only", true
		}
	}
	m.Node.HAProxy.Listening(func(p *facts.Proxy, b facts.Bind) {
		for _, v := range m.Is.VIPs {
			if b.Addr == v.Addr && !b.Transparent && !m.Node.Nonlocal(v.Addr.Is6()) {
				why = fmt.Sprintf("HAProxy can't listen on %s before the address is there", v.Addr)
			}
		}
	})
	return why, false
}

// Standby is the effective priority while another node holds the VIP.
func (m Member) Standby() int {
	if why, _ := m.Cold(); why != "" {
		return m.Down()
	}
	return m.Priority()
}

// Unable says why a node can't take the VIP over.
func (m Member) Unable() string {
	if why, _ := m.Cold(); why != "" && m.faults() {
		return "its check fails and it is in FAULT: " + why
	}
	return m.Stuck()
}

// Old says whether the node's keepalived is before 2.0.
func (m Member) Old() bool { return !m.Node.Keepalived.Version.AtLeast("2") }

// SkewMs is Skew_Time of a node with a priority.
func (m Member) SkewMs(priority int) float64 {
	base := 1000.0
	if m.Is.Version.V == 3 {
		base = m.Is.AdvertMs.V
	}
	if m.Old() {
		priority = m.Is.Priority.V
	}
	return float64(256-priority) / 256 * base
}
