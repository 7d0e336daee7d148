package lab

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"halab/internal/engine"
	"halab/internal/topology"
)

// ready says whether every part is as a healthy lab has it.
func (s *Status) ready() bool {
	for _, c := range s.Clusters {
		if !c.whole() {
			return false
		}
	}
	return len(s.Clusters) > 0 && s.Client == string(engine.StateRunning)
}

func (c *Cluster) whole() bool { return len(c.Ailments()) == 0 }

// Ailments says in words what a healthy cluster would have otherwise.
func (c *Cluster) Ailments() []string {
	var list []string
	switch len(c.VIP.Holders) {
	case 1:
	case 0:
		list = append(list, "nobody holds "+c.VIP.Name)
	default:
		list = append(list, strings.Join(c.VIP.Holders, " and ")+" hold "+c.VIP.Name)
	}
	for _, n := range c.Nodes {
		list = append(list, n.ailments(c)...)
	}
	return list
}

func (n Node) ailments(c *Cluster) []string {
	if n.State == Unreachable && n.Reason != "" {
		return []string{n.Name + " is unreachable: " + strings.TrimPrefix(n.Reason, n.Name+": ")}
	}
	if n.State != string(engine.StateRunning) {
		return []string{n.Name + " is " + n.State}
	}
	var list []string
	for _, f := range n.Faults {
		list = append(list, fmt.Sprintf("%s is done to %s", strings.Join(append([]string{f.Fault}, f.Words...), " "), n.Name))
	}
	for _, service := range topology.Services()[1:] {
		if state := n.Services[string(service)]; state != string(engine.StateRunning) {
			list = append(list, fmt.Sprintf("%s on %s is %s", service, n.Name, state))
		}
	}
	if n.appGone {
		list = append(list, "the app on "+n.Name+" has ended")
	}
	if n.Link != "up" {
		list = append(list, fmt.Sprintf("the link of %s is %s", n.Name, cmp.Or(n.Link, "not known")))
	}
	if n.HAProxy != "up" {
		list = append(list, fmt.Sprintf("HAProxy on %s does not answer", n.Name))
	}
	if want := n.due(c); n.VRRP != want {
		list = append(list, fmt.Sprintf("VRRP on %s is %s, not %s", n.Name, cmp.Or(n.VRRP, "not known"), want))
	}
	return append(list, n.serverAilments(c)...)
}

// due is the VRRP state the node should be in.
func (n Node) due(c *Cluster) string {
	if slices.Contains(c.VIP.Holders, n.Name) {
		return "MASTER"
	}
	return "BACKUP"
}

func (n Node) serverAilments(c *Cluster) []string {
	if n.HAProxy != "up" {
		return nil
	}
	return n.sees(c, func(view string) bool { return !strings.HasPrefix(view, "UP") })
}

// Wavering lists the servers that HAProxy is about to take for down ("UP 1/2"):
// it still sends requests there, but the check that decides may have begun under
// a fault that is over.
func (c *Cluster) Wavering() []string {
	var list []string
	for _, n := range c.Nodes {
		list = append(list, n.sees(c, func(view string) bool { return strings.HasPrefix(view, "UP ") })...)
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
