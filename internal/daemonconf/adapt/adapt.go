// Package adapt says what a pair's files need around them to run unchanged in a
// lab: networks and interfaces by name, addresses, what stands behind HAProxy and
// what its checks expect of it, names to be resolved, files that are named and not
// there, whom scripts run as. It is pure, and it says in words all that differs
// from the real machines: nothing is adapted in silence.
package adapt

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"halab/internal/agentapi"
	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/forecast"
	"halab/internal/daemonconf/named"
	"halab/internal/daemonconf/source"
)

// Lab is what some files need.
type Lab struct {
	Networks []Network
	Nodes    []Node
	VIPs     []VIP
	Behind   Stand // what stands for the servers, beside the nodes
	Client   Client
	Files    []File
	Adapted  []Note
	Unmet    []Note // what the files ask for and a lab can't give
}

// Network is one segment that nodes share.
type Network struct {
	Name     string // net1
	Prefixes []netip.Prefix
}

// Node is one machine.
type Node struct {
	Name       string
	Hostname   string
	Interfaces []Interface
	Routes     []Route
	Local      Stand // what stands for servers on the node's own addresses
	Sysctls    map[string]string
	Scripts    []Script
	Accounts   []string // users and groups that the files name
	Folders    []string // that must be there for sockets, state and chroot
}

// Client is where clients ask from.
type Client struct {
	Addresses map[string][]netip.Prefix // on each network, one in each subnet
	Routes    map[string][]netip.Addr   // VIPs beyond a network's subnets, on the link
}

// Interface is a node's, with the name that the files have for it.
type Interface struct {
	Name      string
	Network   string
	Addresses []netip.Prefix
}

// Route leads to an address beyond the networks, on the link.
type Route struct {
	To        netip.Addr
	Interface string
}

// VIP is an address that nodes move.
type VIP struct {
	Address netip.Prefix
	Network string
	Nodes   []string
	// Ports are what listens on it, on any node.
	Ports []int
	// Listeners are what clients can ask there, as URLs: https://192.0.2.10:443.
	Listeners []string
}

// Stand stands for servers, in one place.
type Stand struct {
	// Addresses are what it has on each network: the servers', and one of its own in
	// each subnet, so that it knows the way back.
	Addresses map[string][]netip.Prefix
	agentapi.Behind
}

// File is one that a configuration names and nobody handed in, and what is made
// instead.
type File struct {
	Node  string
	Path  string
	Kind  named.Kind
	Names []string // of a certificate
	At    source.Pos
}

// Script is something that keepalived runs.
type Script struct {
	Command string
	User    string
	File    string // that was handed in, "" where it is a program or missing
	Calls   []string
}

// Note is a difference from the real machines.
type Note struct {
	Node string // "" is all
	Text string
}

// Options are what is known beside the files.
type Options struct {
	// Has says whether a file of a node's machine was handed in.
	Has func(node, path string) bool
	// HAProxy and Keepalived are what the lab will run; empty where that is not
	// yet known.
	HAProxy, Keepalived facts.Version
}

// world is a lab in the making.
type world struct {
	Options
	nodes    []facts.Node
	clusters []forecast.Cluster
	lab      Lab
	taken    map[netip.Addr]bool
	segments *segments
	spots    map[string]*spots // by node; "" is the stand-in beside the nodes
	names    map[string][]netip.Addr
	services map[string][]agentapi.SRV
	asks     []asked
}

// asked is a name server that a node's files name.
type asked struct {
	node string
	at   netip.AddrPort
}

// Of says what the files of some nodes need.
func Of(nodes []facts.Node, o Options) Lab {
	if o.Has == nil {
		o.Has = func(string, string) bool { return false }
	}
	w := &world{
		Options: o, nodes: nodes, clusters: forecast.Clusters(nodes), taken: map[netip.Addr]bool{},
		spots: map[string]*spots{}, names: map[string][]netip.Addr{}, services: map[string][]agentapi.SRV{},
	}
	for _, n := range nodes {
		w.lab.Nodes = append(w.lab.Nodes, Node{Name: n.Name, Hostname: hostname(n), Sysctls: sysctls(n)})
	}
	w.reserve()
	w.networks()
	w.addresses()
	w.vips()
	w.behind()
	w.resolver()
	w.beyond()
	w.client()
	for i := range nodes {
		w.files(&nodes[i])
		w.scripts(&nodes[i], &w.lab.Nodes[i])
		w.surroundings(&nodes[i], &w.lab.Nodes[i])
	}
	w.versions()
	w.common()
	return w.lab
}

func hostname(n facts.Node) string {
	if n.Machine != nil {
		return cmp.Or(n.Machine.Hostname, n.Name)
	}
	return n.Name
}

// sysctls are the settings that make a difference to a VIP. A machine that was not
// seen has what distributions have.
func sysctls(n facts.Node) map[string]string {
	all := map[string]string{"net.ipv4.ip_nonlocal_bind": "0", "net.ipv6.ip_nonlocal_bind": "0"}
	for key, value := range n.Sysctls {
		all[key] = value.V
	}
	return all
}

// note says what is adapted; the same words about another node are said once,
// about all.
func (w *world) note(node, format string, args ...any) {
	w.lab.Adapted = say(w.lab.Adapted, node, fmt.Sprintf(format, args...), len(w.nodes))
}

// unmet says what can't be had.
func (w *world) unmet(node, format string, args ...any) {
	w.lab.Unmet = say(w.lab.Unmet, node, fmt.Sprintf(format, args...), len(w.nodes))
}

func say(list []Note, node, text string, nodes int) []Note {
	same := func(n Note) bool { return n.Text == text && (n.Node == node || n.Node == "") }
	if slices.ContainsFunc(list, same) {
		return list
	}
	list = append(list, Note{node, text})
	count := 0
	for _, n := range list {
		if n.Text == text {
			count++
		}
	}
	if count < nodes || nodes < 2 {
		return list
	}
	first := slices.IndexFunc(list, func(n Note) bool { return n.Text == text })
	list[first].Node = ""
	return slices.DeleteFunc(list, func(n Note) bool { return n.Text == text && n.Node != "" })
}

// node finds a node of the lab by its name.
func (w *world) node(name string) *Node {
	for i := range w.lab.Nodes {
		if w.lab.Nodes[i].Name == name {
			return &w.lab.Nodes[i]
		}
	}
	return nil
}

// versions says where other daemons run than on the machines.
func (w *world) versions() {
	for _, n := range w.nodes {
		if n.Machine == nil {
			continue
		}
		for _, d := range []struct{ name, there, here string }{
			{"keepalived", n.Machine.Keepalived.Version, string(w.Keepalived)}, {"HAProxy", n.Machine.HAProxy.Version, string(w.HAProxy)},
		} {
			if d.there != "" && d.here != "" && d.there != d.here {
				w.note(n.Name, "%s %s runs, not %s as on the machine", d.name, d.here, d.there)
			}
		}
	}
}

// common says what is so in any lab.
func (w *world) common() {
	w.note("", "the nodes share one kernel and one clock; the network is an Ethernet segment without a way out")
	for _, n := range w.nodes {
		if n.Machine == nil {
			w.note(n.Name, "the machine was not seen: its settings of the kernel are those of the files in /etc/sysctl.d, or else Debian's")
		}
		if len(n.Keepalived.VirtualServers) > 0 {
			w.unmet(n.Name, "virtual_server is not run: the lab's kernel need not have IP_VS")
		}
	}
}
