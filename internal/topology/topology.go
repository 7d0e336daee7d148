// Package topology holds the words of a lab: clusters, nodes, services and
// virtual IPs, and how a name on the command line becomes nodes. It is pure.
package topology

import (
	"net/netip"
	"strings"
)

// Service is one of the parts a node is made of.
type Service string

// The services of a node. ServiceNode is the machine itself: the container
// whose namespaces the other three join.
const (
	ServiceNode       Service = "node"
	ServiceApp        Service = "app"
	ServiceHAProxy    Service = "haproxy"
	ServiceKeepalived Service = "keepalived"
)

// Client is the part from which requests are made: its container's service, and
// its name as a target.
const Client = "client"

// Services lists every service in the order in which a node starts them.
func Services() []Service {
	return []Service{ServiceNode, ServiceApp, ServiceHAProxy, ServiceKeepalived}
}

// Profile names a set of timings.
type Profile string

// The profiles: Classic is the demo of 2015 to the letter of its timings, Fast
// the best that the daemons in the image can do, Own what the user's own files say.
const (
	ProfileClassic Profile = "classic"
	ProfileFast    Profile = "fast"
	ProfileOwn     Profile = "own"
)

// Lab is one lab: its network, its client and its clusters.
type Lab struct {
	Name     string
	Profile  Profile
	Base     string // "debian12", as resolved
	Network  Network
	Client   string // Compose service the lab's own requests are made from
	Clusters []Cluster

	ClientAddress netip.Addr // of the client, on the lab's network
}

// Network is the layer 2 segment that all nodes are on.
type Network struct {
	Key     string       // the Compose file's name for it
	Subnet  netip.Prefix // IPv4
	Parent  string       // host interface under the macvlan network
	Own     bool         // the parent is a veth pair that halab makes
	HostLeg netip.Addr   // the host's own address on the network
}

// Cluster is a set of nodes that share a VIP.
type Cluster struct {
	Name  string
	VIP   VIP
	More  []VIP // that the same nodes move as well
	Nodes []Node

	// Listeners are what clients can ask at its VIPs; none where that is the path
	// of its apps at the VIP.
	Listeners []Listener

	// Upstream is the URL that its apps ask, "http://192.168.99.20/backend"; empty:
	// they ask nobody.
	Upstream string
}

// VIP is an address that VRRP moves between the nodes of a cluster.
type VIP struct {
	Name     string
	Address  netip.Addr
	RouterID int // virtual_router_id, 1–255 (RFC 5798, section 5.2.3)
}

// VIPs are all that its nodes move.
func (c Cluster) VIPs() []VIP {
	if !c.VIP.Address.IsValid() {
		return nil
	}
	return append([]VIP{c.VIP}, c.More...)
}

// Listener is what clients can ask: an address and port, and what is spoken there.
type Listener struct {
	Speaks  string // http, https, tcp or tls
	Address netip.AddrPort
}

// String is the listener as a URL.
func (l Listener) String() string { return l.Speaks + "://" + l.Address.String() }

// ParseListener reads a listener's URL.
func ParseListener(text string) (Listener, bool) {
	speaks, at, _ := strings.Cut(text, "://")
	address, err := netip.ParseAddrPort(at)
	return Listener{speaks, address}, err == nil
}

// Node is one machine.
type Node struct {
	Name     string
	Cluster  string
	Address  netip.Addr
	MAC      string
	Endpoint string             // Docker endpoint; empty: the default engine
	Services map[Service]string // service -> Compose service name

	// Vagrant is the folder of the Vagrantfile that the node is a machine of;
	// empty: it is none.
	Vagrant string

	// Interface that the address is on; empty: eth0, the only one a node has
	// where it is a container. Set for a node that is a host of its own.
	Interface string
}

// Node finds a node by its name.
func (l *Lab) Node(name string) (Node, bool) {
	for _, c := range l.Clusters {
		for _, n := range c.Nodes {
			if n.Name == name {
				return n, true
			}
		}
	}
	return Node{}, false
}

// Cluster finds a cluster by its name.
func (l *Lab) Cluster(name string) (Cluster, bool) {
	for _, c := range l.Clusters {
		if c.Name == name {
			return c, true
		}
	}
	return Cluster{}, false
}

// Nodes lists the nodes of all clusters, in the order of the description.
func (l *Lab) Nodes() []Node {
	var all []Node
	for _, c := range l.Clusters {
		all = append(all, c.Nodes...)
	}
	return all
}

// OnHosts says that every node is a host of its own.
func (l *Lab) OnHosts() bool {
	for _, n := range l.Nodes() {
		if n.Endpoint == "" {
			return false
		}
	}
	return len(l.Clusters) > 0
}
