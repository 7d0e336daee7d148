package ui

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/lab"
	"halab/internal/topology"
)

// Status writes the state of a lab that is up: a line for the lab, and for each
// cluster its VIP, a table of its nodes, and what a healthy cluster would have
// otherwise. It fits 80 columns.
func Status(w io.Writer, s *lab.State, style Style) error {
	var b strings.Builder
	ready := style.Good("ready")
	if !s.Ready {
		ready = style.Bad("not ready")
	}
	fmt.Fprintf(&b, "lab %s, base %s, profile %s: %s\n", style.Bold(Clean(s.Lab)), Clean(s.Base), Clean(s.Profile), ready)
	for _, c := range s.Clusters {
		b.WriteByte('\n')
		clusterStatus(&b, c, style)
	}
	if s.ClientState != "running" {
		fmt.Fprintf(&b, "\n%s the client is %s: requests from inside the lab are not possible\n", style.Bad("✘"), Clean(s.ClientState))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// statusWidth is the width that a status fits.
const statusWidth = 80

func clusterStatus(b *strings.Builder, c lab.Cluster, style Style) {
	fmt.Fprintf(b, "%s  %s\n", style.Bold(Clean(c.Name)), vipLine(c.VIP, style))
	for _, v := range c.More {
		fmt.Fprintf(b, "%*s  %s\n", len(Clean(c.Name)), "", vipLine(v, style))
	}
	nodeTable(b, c, style)
	for _, n := range c.Nodes {
		if n.ClockOffset != nil {
			fmt.Fprintf(b, "  %s\n", clockWords(n))
		}
	}
	for _, n := range c.Nodes {
		steppedDown(b, n, style)
	}
	for _, a := range c.Reasons() {
		fmt.Fprintf(b, "  %s %s\n", style.Bad("✘"), Clean(a))
	}
}

// vipLine says who holds a VIP. One of the user's own files is called by its address.
func vipLine(v lab.VIP, style Style) string {
	if v.Address == "" {
		return "no VIP"
	}
	name := Clean(v.Name) + " "
	if v.Name == v.Address {
		name = ""
	}
	return name + Clean(v.Address) + " " + holders(v.Holders, style)
}

// nodeTable has a line for each node. What no node of the cluster has, as an app where
// the files are the user's own, has no column.
func nodeTable(b *strings.Builder, c lab.Cluster, style Style) {
	has := func(service topology.Service) bool {
		return slices.ContainsFunc(c.Nodes, func(n lab.Node) bool { return n.Has(service) })
	}
	apps := has(topology.ServiceApp)
	head := []string{"NODE", "ADDRESS", "IS", "VRRP"}
	for _, service := range topology.Services()[1:] {
		if has(service) {
			head = append(head, strings.ToUpper(string(service)))
		}
	}
	if apps {
		head = append(head, "SERVERS")
	}
	t := Table{Indent: "  "}
	t.Row(head...)
	for _, n := range c.Nodes {
		row := []string{Clean(n.Name), Clean(n.Address), state(n.State, style), vrrp(n.VRRP, style)}
		for _, service := range topology.Services()[1:] {
			if has(service) {
				row = append(row, serviceState(n, string(service), style))
			}
		}
		if apps {
			row = append(row, serverCount(n, style))
		}
		t.Row(row...)
	}
	_ = t.Write(b) // a strings.Builder takes everything
}

// steppedDown says that a node has stepped down: it works, and is no worse than its
// machine.
func steppedDown(b *strings.Builder, n lab.Node, style Style) {
	if n.Slow == "" {
		return
	}
	mark := style.Odd("!")
	for _, line := range Wrap(Clean(n.Name+": "+n.Slow), statusWidth-4) {
		fmt.Fprintf(b, "  %s %s\n", mark, line)
		mark = " "
	}
}

// clockWords says how far the clock of a host is off, as far as that could be
// measured.
func clockWords(n lab.Node) string {
	off, within := *n.ClockOffset*1000, 0.0
	if n.ClockWithin != nil {
		within = *n.ClockWithin * 1000
	}
	if math.Abs(off) <= within {
		return fmt.Sprintf("the clock of %s is right, ±%.1f ms", Clean(n.Name), within)
	}
	return fmt.Sprintf("the clock of %s is off by %+.1f ms, ±%.1f ms", Clean(n.Name), off, within)
}

func holders(names []string, style Style) string {
	switch len(names) {
	case 0:
		return style.Bad("held by nobody")
	case 1:
		return "held by " + style.Good(Clean(names[0]))
	}
	return style.Bad("held by " + Clean(strings.Join(names, " and by ")))
}

// state puts an engine's word for a container into one of four letters or
// fewer.
func state(s string, style Style) string {
	switch s {
	case "running":
		return style.Good("up")
	case "paused":
		return style.Odd("hung")
	case "exited", "created", "dead":
		return style.Bad("down")
	case "missing":
		return style.Bad("none")
	case lab.Unreachable:
		return style.Bad("?")
	}
	return style.Odd(Clean(s))
}

// serviceState is the state of a service's container, but for a daemon that
// should run and does not answer.
func serviceState(n lab.Node, service string, style Style) string {
	if n.Services[service] != "running" || n.State != "running" {
		return state(n.Services[service], style)
	}
	haproxy := service == string(topology.ServiceHAProxy)
	switch {
	case haproxy && n.HAProxy == "hung":
		return style.Odd("hung")
	case haproxy && n.HAProxy == "gone", service == string(topology.ServiceKeepalived) && (n.VRRP == "" || n.Keepalived == "gone"):
		return style.Bad("mute")
	}
	return state("running", style)
}

func vrrp(s string, style Style) string {
	switch s {
	case "MASTER":
		return style.Good(s)
	case "":
		return "-"
	case "BACKUP":
		return s
	}
	return style.Bad(Clean(s))
}

// serverCount is how many app servers a node's HAProxy has up.
func serverCount(n lab.Node, style Style) string {
	if len(n.Servers) == 0 {
		return "-"
	}
	up := 0
	for _, s := range n.Servers {
		if agentapi.ServerUp(s) {
			up++
		}
	}
	text := fmt.Sprintf("%d/%d up", up, len(n.Servers))
	if up < len(n.Servers) {
		return style.Bad(text)
	}
	return text
}
