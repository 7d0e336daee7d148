package topology

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"

	"halab/internal/problem"
)

// Problem is one thing that is wrong with a lab's description, and where.
type Problem struct {
	// Path leads to the place in the description, as in an x-halab section:
	// clusters, frontend, vip, address.
	Path []string
	*problem.Problem
}

// Limits of names: what container engines, host names and interface labels
// have in common.
const maxName = 40

var (
	labName  = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)
	hostName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
)

// Validate checks a lab as a whole and returns every problem at once, in the
// order of the description. An empty list means that the lab can be made.
func (l *Lab) Validate() []Problem {
	v := &validator{lab: l, names: map[string]string{}, addresses: map[netip.Addr]string{}, macs: map[string]string{}}
	v.head()
	v.network()
	v.engines()
	for _, c := range l.Clusters {
		v.cluster(c)
	}
	v.routerIDs()
	return v.problems
}

type validator struct {
	lab       *Lab
	problems  []Problem
	names     map[string]string     // name -> what it names
	addresses map[netip.Addr]string // address -> whose it is
	macs      map[string]string     // MAC -> whose it is
}

func (v *validator) add(path []string, what, why, cure string) {
	v.problems = append(v.problems, Problem{path, problem.New("%s", what).Because(why).Cure(cure)})
}

// head checks what the lab as a whole is called and set to.
func (v *validator) head() {
	l := v.lab
	if !labName.MatchString(l.Name) || len(l.Name) > maxName {
		v.add([]string{"name"}, fmt.Sprintf("the lab's name is %q", l.Name),
			"containers, networks and volumes are named after it",
			fmt.Sprintf("use at most %d of a–z, 0–9, - and _, the first a letter or a digit", maxName))
	}
	if l.Profile != ProfileFast && l.Profile != ProfileClassic {
		v.add([]string{"profile"}, fmt.Sprintf("the profile is %q", l.Profile),
			"there are two sets of timings", fmt.Sprintf("use %s or %s", ProfileFast, ProfileClassic))
	}
	if len(l.Clusters) == 0 {
		v.add([]string{"clusters"}, "there is no cluster", "a lab is one or more clusters of nodes", "describe one under clusters")
	}
	if l.Client == "" && !v.lab.OnHosts() {
		v.add([]string{"client"}, "there is no client", "requests and probes are made from a container on the lab's network",
			"name a service that is on the network and is no part of a node")
	}
}

// engines checks that there is one engine for each node, or one for all.
func (v *validator) engines() {
	users := map[string]string{}
	hosts := 0
	for _, c := range v.lab.Clusters {
		for _, n := range c.Nodes {
			path := []string{"clusters", c.Name, "nodes", n.Name, "docker"}
			if n.Endpoint == "" {
				continue
			}
			hosts++
			if other := users[n.Endpoint]; other != "" {
				v.add(path, fmt.Sprintf("node %s is the host %s", n.Name, n.Endpoint), fmt.Sprintf("node %s is that host already, and both want its ports", other), "give each node a host of its own")
			}
			users[n.Endpoint] = n.Name
		}
	}
	if all := len(v.lab.Nodes()); hosts > 0 && hosts < all {
		v.add([]string{"clusters"}, fmt.Sprintf("%d of %d nodes have docker:", hosts, all), "either every node is a host of its own or none is: containers on one engine's network do not reach hosts",
			"give each node docker:, or none")
	}
}

func (v *validator) network() {
	l, n := v.lab, v.lab.Network
	path := []string{"network"}
	if !n.Subnet.IsValid() || !n.Subnet.Addr().Is4() {
		v.add(path, fmt.Sprintf("network %q has no IPv4 subnet", n.Key),
			"nodes and VIPs have fixed addresses in it", "give it ipam, config, subnet: 10.1.2.0/24, for instance")
	} else if n.Subnet != n.Subnet.Masked() {
		v.add(path, fmt.Sprintf("the subnet is %s", n.Subnet), "that is an address in a subnet, not a subnet",
			fmt.Sprintf("use %s", n.Subnet.Masked()))
	} else if n.Subnet.Bits() > 29 {
		v.add(path, fmt.Sprintf("the subnet is %s", n.Subnet), "it is too small for two nodes, a VIP, a client and the host", "use a /29 or larger")
	}
	if len(n.Parent) > 15 {
		v.add(path, fmt.Sprintf("the parent interface is %q", n.Parent), "Linux's interface names have at most 15 characters", "name an interface of the host")
	}
	if n.HostLeg.IsValid() {
		v.address([]string{"host"}, n.HostLeg, "the host's own leg")
	}
	if l.Client != "" && (l.ClientAddress.IsValid() || !l.OnHosts()) {
		if !l.ClientAddress.IsValid() {
			v.add([]string{"client", "address"}, fmt.Sprintf("client %s has no address on network %q", l.Client, n.Key),
				"the lab's own requests come from there", fmt.Sprintf("give the service networks, %s, ipv4_address", n.Key))
		} else {
			v.address([]string{"client", "address"}, l.ClientAddress, "client "+l.Client)
		}
	}
}

// address checks one address and remembers whose it is.
func (v *validator) address(path []string, a netip.Addr, whose string) {
	subnet := v.lab.Network.Subnet
	if other, taken := v.addresses[a]; taken {
		v.add(path, fmt.Sprintf("%s has address %s", whose, a), fmt.Sprintf("%s has it too", other), "give each an address of its own")
		return
	}
	v.addresses[a] = whose
	if !subnet.IsValid() || !subnet.Addr().Is4() {
		return
	}
	switch {
	case !subnet.Contains(a):
		v.add(path, fmt.Sprintf("%s has address %s", whose, a),
			fmt.Sprintf("it is outside the lab's subnet %s, where nobody could reach it", subnet.Masked()),
			fmt.Sprintf("use an address in %s", subnet.Masked()))
	case a == subnet.Masked().Addr() || a == broadcast(subnet):
		v.add(path, fmt.Sprintf("%s has address %s", whose, a), fmt.Sprintf("that is the network's or the broadcast address of %s", subnet.Masked()), "use another one")
	}
}

// broadcast is the last address of an IPv4 subnet.
func broadcast(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	return netip.AddrFrom4(b)
}

// name checks one name and remembers what it names: on a command line a target
// is a bare name, so each must mean one thing.
func (v *validator) name(path []string, name, what string) {
	if !hostName.MatchString(name) || len(name) > maxName {
		v.add(path, fmt.Sprintf("%s is called %q", what, name), "host names and containers are made from it",
			fmt.Sprintf("use at most %d of a–z, 0–9 and -, no - at either end", maxName))
		return
	}
	if other, taken := v.names[name]; taken {
		v.add(path, fmt.Sprintf("%s is called %q", what, name), fmt.Sprintf("%s has that name too, and a target must mean one thing", other), "rename one of them")
		return
	}
	v.names[name] = what
}

func (v *validator) cluster(c Cluster) {
	path := func(more ...string) []string { return append([]string{"clusters", c.Name}, more...) }
	v.name(path(), c.Name, "a cluster")
	v.vip(c, path)
	if len(c.Nodes) == 0 {
		v.add(path("nodes"), fmt.Sprintf("cluster %s has no nodes", c.Name), "nobody could hold its VIP", "give it two nodes, or remove the cluster")
	}
	for _, n := range c.Nodes {
		v.node(n, path("nodes", n.Name))
	}
}

func (v *validator) vip(c Cluster, path func(...string) []string) {
	if c.VIP.Name == "" {
		v.add(path("vip", "name"), fmt.Sprintf("the VIP of cluster %s has no name", c.Name), "commands name it", fmt.Sprintf("call it %s-00, for instance", c.Name))
	} else {
		v.name(path("vip", "name"), c.VIP.Name, "the VIP of cluster "+c.Name)
	}
	if !c.VIP.Address.IsValid() {
		v.add(path("vip", "address"), fmt.Sprintf("the VIP of cluster %s has no IPv4 address", c.Name), "VRRP moves an address", "give it one in the lab's subnet")
	} else {
		v.address(path("vip", "address"), c.VIP.Address, "VIP "+c.VIP.Name)
	}
	if id := c.VIP.RouterID; id < 1 || id > 255 {
		v.add(path("vip", "router_id"), fmt.Sprintf("VIP %s has router_id %d", c.VIP.Name, id), "VRRP has 1 to 255 (RFC 5798, section 5.2.3)", "use a number in that range")
	}
}

// routerIDs finds virtual router IDs that two clusters share.
func (v *validator) routerIDs() {
	seen := map[int]string{}
	for _, c := range v.lab.Clusters {
		id := c.VIP.RouterID
		if other, taken := seen[id]; taken && id >= 1 && id <= 255 {
			v.add([]string{"clusters", c.Name, "vip", "router_id"}, fmt.Sprintf("VIP %s has router_id %d", c.VIP.Name, id),
				fmt.Sprintf("VIP %s has it too: on one network their nodes would take each other's adverts for their own", other),
				"give each cluster a router_id of its own")
			continue
		}
		seen[id] = c.VIP.Name
	}
}

func (v *validator) node(n Node, path []string) {
	at := func(key string) []string { return append(append([]string{}, path...), key) }
	v.name(path, n.Name, "a node of cluster "+n.Cluster)
	if !n.Address.IsValid() {
		v.add(at("address"), fmt.Sprintf("node %s has no address on network %q", n.Name, v.lab.Network.Key),
			"its VRRP adverts and its checks need a fixed one", fmt.Sprintf("give its service networks, %s, ipv4_address", v.lab.Network.Key))
	} else {
		v.address(at("address"), n.Address, "node "+n.Name)
	}
	v.mac(n, at("mac"))
	var missing []string
	for _, s := range Services() {
		if n.Services[s] == "" {
			missing = append(missing, string(s))
		}
	}
	if len(missing) > 0 {
		v.add(path, fmt.Sprintf("node %s has no %s", n.Name, strings.Join(missing, ", ")),
			"a node is four containers", "name the Compose service for each of node, app, haproxy and keepalived")
	}
	if n.Endpoint != "" && n.Interface == "" {
		v.add(at("interface"), fmt.Sprintf("node %s is a host (docker: %s) without an interface", n.Name, n.Endpoint),
			"keepalived must know where the VIP goes", "name the host's interface that has its address: interface: eth1, for instance")
	}
}

func (v *validator) mac(n Node, path []string) {
	if n.MAC == "" {
		return
	}
	hw, err := net.ParseMAC(n.MAC)
	switch {
	case err != nil || len(hw) != 6:
		v.add(path, fmt.Sprintf("node %s has MAC address %q", n.Name, n.MAC), "that is none", "use six bytes such as 02:68:c0:a8:63:0b")
		return
	case hw[0]&1 != 0:
		v.add(path, fmt.Sprintf("node %s has MAC address %s", n.Name, n.MAC), "that is a group's address, not one machine's", "make its first byte even, 02 for instance")
	}
	if other, taken := v.macs[hw.String()]; taken {
		v.add(path, fmt.Sprintf("node %s has MAC address %s", n.Name, n.MAC), fmt.Sprintf("node %s has it too", other), "give each a MAC address of its own")
		return
	}
	v.macs[hw.String()] = n.Name
}
