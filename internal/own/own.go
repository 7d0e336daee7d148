// Package own turns what files of the user's own need around them into a lab: its
// topology, and for each of its containers what it is to be and which files it gets.
// It is pure.
package own

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/daemonconf"
	"halab/internal/daemonconf/adapt"
	"halab/internal/daemonconf/facts"
	"halab/internal/engine"
	"halab/internal/topology"
)

// Machine is one container that is a machine.
type Machine struct {
	agentapi.Own
	Hostname string // what it calls itself
	Sysctls  map[string]string
	// Files are those of the user, at their places, and what is made for those that
	// are named and not there.
	Files []engine.File
	// Marks identify them by what reads them.
	Marks map[topology.Service]engine.Mark
}

// Lab is a lab of the user's own files.
type Lab struct {
	Clusters []topology.Cluster
	Machines map[string]Machine // by node
	Client   agentapi.Own
	Stand    agentapi.Own // the container that stands for the servers, and …
	Behind   agentapi.Behind
	Names    map[string]string // that are to be resolved: name -> address
	Sysctls  map[string]string // of what is no node
	Adapted  []adapt.Note
	Unmet    []adapt.Note
}

// Make makes files for those that a configuration names and that are not there.
type Make func(adapt.File) ([]byte, error)

// Of makes the lab.
func Of(nodes []facts.Node, trees []daemonconf.Tree, a adapt.Lab, made Make) (Lab, error) {
	l := Lab{Machines: map[string]Machine{}, Names: map[string]string{}, Adapted: a.Adapted, Unmet: a.Unmet}
	segments := numbered(a)
	for i := range a.Nodes {
		m, err := machine(nodes[i], trees[i], a, a.Nodes[i], segments, made)
		if err != nil {
			return l, err
		}
		l.Machines[a.Nodes[i].Name] = m
	}
	l.Clusters = clusters(a, nodes)
	l.Client = agentapi.Own{Name: topology.Client}
	l.Stand = agentapi.Own{Name: Stand}
	for _, n := range a.Networks {
		name := fmt.Sprintf("eth%d", segments[n.Name])
		if on := a.Client.Addresses[n.Name]; len(on) > 0 {
			l.Client.Interfaces = append(l.Client.Interfaces, agentapi.OwnInterface{Name: name, Segment: segments[n.Name], Addresses: on})
		}
		for _, to := range a.Client.Routes[n.Name] {
			l.Client.Routes = append(l.Client.Routes, agentapi.OwnRoute{To: to, Interface: name})
		}
		if on := a.Behind.Addresses[n.Name]; len(on) > 0 {
			l.Stand.Interfaces = append(l.Stand.Interfaces, agentapi.OwnInterface{Name: name, Segment: segments[n.Name], Addresses: on})
		}
	}
	l.Behind, l.Sysctls = a.Behind.Behind, sysctls(nil, six(a))
	if l.Behind.DNS != nil {
		for name, all := range l.Behind.DNS.Names {
			if len(all) > 0 && !strings.Contains(name, "*") {
				l.Names[name] = all[0]
			}
		}
	}
	return l, nil
}

// Stand is the container that stands for what is behind: its service, and its name
// within the lab.
const Stand = "behind"

// numbered gives each network its number. The one with an interface called eth0, or
// else the first one, is 0: the engine's own, which calls its interface so.
func numbered(a adapt.Lab) map[string]int {
	engines := a.Networks[0].Name
	for _, n := range a.Nodes {
		for _, i := range n.Interfaces {
			if i.Name == "eth0" {
				engines = i.Network
			}
		}
	}
	numbers, next := map[string]int{engines: 0}, 1
	for _, n := range a.Networks {
		if n.Name != engines {
			numbers[n.Name], next = next, next+1
		}
	}
	return numbers
}

// six says whether a lab has addresses of IPv6.
func six(a adapt.Lab) bool {
	return slices.ContainsFunc(a.Networks, func(n adapt.Network) bool {
		return slices.ContainsFunc(n.Prefixes, func(p netip.Prefix) bool { return p.Addr().Is6() })
	})
}

// machine is one node.
func machine(f facts.Node, t daemonconf.Tree, a adapt.Lab, n adapt.Node, segments map[string]int, made Make) (Machine, error) {
	m := Machine{Hostname: n.Hostname, Sysctls: sysctls(n.Sysctls, six(a)), Own: agentapi.Own{Name: n.Name, Accounts: n.Accounts, Folders: n.Folders}}
	for _, i := range n.Interfaces {
		m.Interfaces = append(m.Interfaces, agentapi.OwnInterface{Name: i.Name, Segment: segments[i.Network], Addresses: i.Addresses})
	}
	for _, r := range n.Routes {
		m.Routes = append(m.Routes, agentapi.OwnRoute{To: r.To, Interface: r.Interface})
	}
	for _, v := range a.VIPs {
		if slices.Contains(v.Nodes, n.Name) {
			m.VIPs = append(m.VIPs, v.Address.Addr())
		}
	}
	if d := a.Behind.DNS; d != nil {
		if at, err := netip.ParseAddrPort(d.Listen[0]); err == nil {
			m.Resolver = at.Addr()
		}
	}
	if len(n.Local.Listeners) > 0 || n.Local.DNS != nil {
		m.Local = &n.Local.Behind
	}
	for _, s := range n.Scripts {
		for _, name := range s.Calls {
			if answered(name) && !slices.Contains(m.Commands, name) {
				m.Commands = append(m.Commands, name)
			}
		}
	}
	slices.Sort(m.Commands)
	if len(t.HAProxy) > 0 {
		m.HAProxy = &agentapi.OwnDaemon{Files: t.HAProxy, Folder: "/", Chroot: chroot(f)}
		if f.Machine != nil {
			m.HAProxy.Folder = cmp.Or(f.Machine.HAProxy.Folder, "/")
		}
	}
	if t.Keepalived != "" {
		m.Keepalived = &agentapi.OwnDaemon{Files: []string{t.Keepalived}}
		if f.Machine != nil {
			m.Keepalived.ID = f.Machine.Keepalived.ConfigID
		}
	}
	notes(&m, a)
	return m, m.furnish(t, a, made)
}

// answered lists the commands that a lab answers for scripts where the image has
// none: those of an init system, and those that would reach a cloud.
func answered(name string) bool {
	return slices.Contains([]string{"systemctl", "service", "aws", "gcloud", "az", "mail"}, name)
}

// notes are what is different on a node, in words.
func notes(m *Machine, a adapt.Lab) {
	for _, n := range a.Adapted {
		if n.Node == "" || n.Node == m.Name {
			m.Adapted = append(m.Adapted, n.Text)
		}
	}
	for _, n := range a.Unmet {
		if n.Node == "" || n.Node == m.Name {
			m.Unmet = append(m.Unmet, n.Text)
		}
	}
}

// chroot is where HAProxy shuts itself in.
func chroot(f facts.Node) string {
	for _, file := range f.HAProxy.Files {
		for _, s := range file.Sections {
			for _, line := range s.Lines {
				if s.Kind() == "global" && line.Word(0) == "chroot" {
					return line.Word(1)
				}
			}
		}
	}
	return ""
}

// sysctls are those that an engine sets for one container: they are the network
// namespace's own, and of no interface that is not there yet.
func sysctls(all map[string]string, six bool) map[string]string {
	own := map[string]string{}
	for key, value := range all {
		switch {
		case key == "net.ipv4.ip_forward", key == "net.ipv4.ip_nonlocal_bind", six && key == "net.ipv6.ip_nonlocal_bind":
		case strings.HasPrefix(key, "net.ipv4.conf.all.") || strings.HasPrefix(key, "net.ipv4.conf.default."):
		default:
			continue
		}
		own[key] = value
	}
	if six {
		for _, of := range []string{"all", "default", "eth0"} { // an engine switches it off
			own["net.ipv6.conf."+of+".disable_ipv6"] = "0"
		}
	}
	return own
}
