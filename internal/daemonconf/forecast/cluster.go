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

	"halab/internal/agentapi"
	"halab/internal/daemonconf/checks"
	"halab/internal/daemonconf/facts"
)

// Member is a node's part in a cluster.
type Member struct {
	Node *facts.Node
	Is   *facts.Instance
	// Looks are what is known of its tracked scripts, by the script's name.
	Looks map[string]checks.Check
	Agent Agent
	// Refused says which file its HAProxy refuses, "" where it takes all: it does not
	// start.
	Refused string
}

// Agent is what process 1 of a lab's node does. On a machine of one's own there is
// none.
type Agent struct {
	Known bool // the node is one of a lab
	// Acts: process 1 writes agentapi.FaultFile when HAProxy ends or hangs, and
	// agentapi.HandoverFile before it is stopped (HALAB_PROFILE=fast). Whether that
	// moves the VIP is decided by keepalived.conf, which follows these files or does
	// not; only before 2.0 does the supervisor of keepalived do it, whatever the file
	// says.
	Acts bool
	// Lingers: process 1 keeps a VIP for a while after keepalived gave it up (it
	// acts, and the node is a container): HAProxy goes on answering.
	Lingers bool
}

// Cluster is the nodes that move the same addresses.
type Cluster struct {
	VIPs    []netip.Addr
	Members []Member
	Alone   bool   // only one node's files are known
	Crossed string // why its elections have no end, "" where they have
	Shared  string // whose virtual_router_id it has as well, "" for nobody's
}

func member(n *facts.Node, in *facts.Instance) Member {
	m := Member{Node: n, Is: in, Looks: map[string]checks.Check{}}
	if own(n) {
		m.Agent = Agent{Known: true, Acts: true}
	}
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
	if t.Kind != "file" || t.Tracker == nil {
		return false
	}
	if m.Agent.Known {
		return m.Agent.Acts && t.Tracker.Path == agentapi.FaultFile
	}
	return m.told(t.Tracker)
}

// told says whether whatever writes a followed file is taken to know of HAProxy's
// end: the file's name says so, or a script of the node's writes it. A file such as
// /run/force-down is an operator's, or that of something which nobody handed in.
func (m Member) told(t *facts.Tracker) bool {
	if strings.Contains(strings.ToLower(t.Name+t.Path), "haproxy") {
		return true
	}
	for _, s := range m.Node.Scripts {
		if strings.Contains(s.Text, t.Path) && strings.Contains(s.Text, "haproxy") {
			return true
		}
	}
	return false
}

// Follows is the first file that the instance follows and of which nobody knows who
// writes it.
func (m Member) Follows() (facts.Tracked, bool) {
	for _, t := range m.Is.Tracked {
		if t.Kind == "file" && t.Tracker != nil && !m.Agent.Known && m.Counts(t) && !m.told(t.Tracker) {
			return t, true
		}
	}
	return facts.Tracked{}, false
}

// own says whether the files are halab's own for a lab whose process 1 acts, which
// they say in their first line alone.
func own(n *facts.Node) bool {
	conf := n.Keepalived.Conf
	if conf == nil || len(conf.Files) == 0 {
		return false
	}
	first, _, _ := strings.Cut(conf.Files[0].String(), "\n")
	return strings.HasPrefix(first, "# keepalived.conf of ") && strings.HasSuffix(first, ", profile fast.")
}

// Priority is the effective priority while HAProxy is well: a positive weight is
// added while its check succeeds, a negative one while it fails.
func (m Member) Priority() int {
	if m.Refused != "" {
		return m.Down()
	}
	return m.clamp(m.total(func(facts.Tracked) bool { return true }))
}

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
	if m.Refused != "" && m.faults() {
		return "its check fails: " + m.Refused
	}
	for _, t := range m.Is.Tracked {
		look := m.Looks[t.Name]
		if m.Counts(t) && !m.weighs(t) && t.Script != nil && look.Fails != "" {
			return fmt.Sprintf("check %s can never succeed: %s", t.Name, look.Fails)
		}
	}
	return ""
}

// Cold says why HAProxy does not run on the node while another one holds the
// VIP, and whether it starts when the VIP comes.
func (m Member) Cold() (why string, starts bool) {
	if m.Refused != "" {
		return m.Refused, false
	}
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

// faults says whether a dead HAProxy takes the node to FAULT.
func (m Member) faults() bool {
	return slices.ContainsFunc(m.Is.Tracked, func(t facts.Tracked) bool { return m.Sees(t) && t.Weight.V == 0 })
}

// Unserved says that nothing listens on the cluster's addresses where a node holds
// them, "" where something does.
func (m Member) Unserved(vips []netip.Addr) string {
	if m.Refused != "" {
		return m.Refused
	}
	if !m.Node.HAProxy.Present || len(m.Node.HAProxy.Proxies) == 0 {
		return ""
	}
	served := false
	m.Node.HAProxy.Listening(func(_ *facts.Proxy, b facts.Bind) {
		served = served || slices.ContainsFunc(vips, b.Takes)
	})
	if served {
		return ""
	}
	return fmt.Sprintf("HAProxy of %s listens on none of the cluster's addresses", m.Node.Name)
}
