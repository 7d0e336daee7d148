package lab

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/topology"
)

// Reasons lists what is not well within the scope, in words. A cluster in which
// everything runs must be whole; where something outside the scope is still down,
// only the parts of the scope are judged.
func (s *State) Reasons(scope Scope) []string {
	var list []string
	for _, c := range s.Clusters {
		if !slices.ContainsFunc(c.Nodes, func(n Node) bool { return scope.Names(n.Name) }) {
			continue
		}
		broken := c.broken(scope)
		if len(broken) == 0 && len(c.broken(Scope{})) == 0 {
			broken = append(c.Reasons(), c.unsettled()...)
		}
		list = append(list, broken...)
	}
	if scope.Everything() && s.ClientState != string(engine.StateRunning) && s.ClientState != Missing {
		list = append(list, "the client is "+s.ClientState)
	}
	return list
}

// broken lists the containers of the scope that do not run, and the faults in it.
func (c *Cluster) broken(scope Scope) []string {
	var list []string
	for _, n := range c.Nodes {
		for _, f := range n.Faults {
			if scope.Covers(n.Name, f) {
				list = append(list, n.bears(f))
			}
		}
		if scope.Has(n.Name, topology.ServiceNode) && n.State != string(engine.StateRunning) {
			list = append(list, n.Name+" is "+n.State)
		}
		for service, state := range n.Within(scope) {
			if state != string(engine.StateRunning) {
				list = append(list, service+" is "+state)
			}
		}
	}
	return list
}

// Within are the scope's services on the node, as "app on frontend-01", each with
// its state.
func (n Node) Within(scope Scope) iter.Seq2[string, string] {
	return func(yield func(service, state string) bool) {
		for _, service := range topology.Services()[1:] {
			if n.Has(service) && scope.Has(n.Name, service) && !yield(fmt.Sprintf("%s on %s", service, n.Name), n.Services[string(service)]) {
				return
			}
		}
	}
}

// bears says in words that a fault is done to the node.
func (n Node) bears(f agentapi.Fault) string {
	return fmt.Sprintf("%s is done to %s", strings.Join(append([]string{f.Fault}, f.Words...), " "), n.Name)
}

// ready says whether every part is as a healthy lab has it.
func (s *State) ready() bool {
	for _, c := range s.Clusters {
		if !c.whole() {
			return false
		}
	}
	return len(s.Clusters) > 0 && s.ClientState == string(engine.StateRunning)
}

func (c *Cluster) whole() bool { return len(c.Reasons()) == 0 }

// Reasons says in words what a healthy cluster would have otherwise.
func (c *Cluster) Reasons() []string {
	var list []string
	for _, v := range c.VIPs() {
		switch len(v.Holders) {
		case 1:
		case 0:
			list = append(list, "nobody holds "+v.Name)
		default:
			list = append(list, strings.Join(v.Holders, " and ")+" hold "+v.Name)
		}
	}
	for _, n := range c.Nodes {
		list = append(list, n.reasons(c)...)
	}
	return list
}

func (n Node) reasons(c *Cluster) []string {
	if n.State == Unreachable && n.Reason != "" {
		return []string{n.Name + " is unreachable: " + strings.TrimPrefix(n.Reason, n.Name+": ")}
	}
	if n.State != string(engine.StateRunning) {
		return []string{n.Name + " is " + n.State}
	}
	var list []string
	for _, f := range n.Faults {
		list = append(list, n.bears(f))
	}
	for _, service := range topology.Services()[1:] {
		if state := n.Services[string(service)]; n.Has(service) && state != string(engine.StateRunning) {
			list = append(list, fmt.Sprintf("%s on %s is %s", service, n.Name, state))
		}
	}
	if n.appGone {
		list = append(list, "the app on "+n.Name+" has ended")
	}
	if n.Link != "up" {
		list = append(list, fmt.Sprintf("the link of %s is %s", n.Name, cmp.Or(n.Link, "not known")))
	}
	if n.Has(topology.ServiceHAProxy) && n.HAProxy != "up" {
		list = append(list, fmt.Sprintf("HAProxy on %s does not answer", n.Name))
	}
	if n.own {
		return append(list, n.ownReasons()...)
	}
	if want := n.due(c); n.VRRP != want {
		list = append(list, fmt.Sprintf("VRRP on %s is %s, not %s", n.Name, cmp.Or(n.VRRP, "not known"), want))
	}
	return append(list, n.serverReasons(c)...)
}

// ownReasons are about a node whose files are the user's own: which of several
// instances is to be master where, only the files know.
func (n Node) ownReasons() []string {
	switch {
	case !n.Has(topology.ServiceKeepalived):
	case n.Keepalived != "up":
		return []string{"keepalived does not run on " + n.Name}
	case n.VRRP == "":
		// keepalived names each change of state, and none where it begins in FAULT.
		return []string{"VRRP on " + n.Name + " is not known: its keepalived has named no state since it began; halab explain asks it"}
	case strings.Contains(n.VRRP, "FAULT"):
		return []string{"VRRP on " + n.Name + " is " + n.VRRP}
	}
	return nil
}

// due is the VRRP state the node should be in.
func (n Node) due(c *Cluster) string {
	if slices.Contains(c.VIP.Holders, n.Name) {
		return "MASTER"
	}
	return "BACKUP"
}

func (n Node) serverReasons(c *Cluster) []string {
	if n.HAProxy != "up" {
		return nil
	}
	return n.sees(c, func(view string) bool { return !agentapi.ServerUp(view) })
}

// unsettled lists the servers that HAProxy may take for down at the next check: it
// still sends requests there, but the check that decides may have begun under a
// fault that is over.
func (c *Cluster) unsettled() []string {
	var list []string
	for _, n := range c.Nodes {
		list = append(list, n.sees(c, agentapi.ServerWavers)...)
	}
	return list
}

// sees lists the servers of which the node's HAProxy has such a view.
func (n Node) sees(c *Cluster, such func(view string) bool) []string {
	var list []string
	for _, server := range c.Nodes {
		if view := n.Servers[server.Name]; such(view) {
			list = append(list, fmt.Sprintf("HAProxy on %s has %s as %s", n.Name, server.Name, cmp.Or(view, "not known")))
		}
	}
	return list
}
