package composefile

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/topology"
)

// Where the section says nothing and nobody asked: what a lab is without.
const defaultProfile = topology.ProfileFast

// builder makes a lab of a project and its x-halab section.
type builder struct {
	*loader
	project *types.Project
	x       section
	lab     topology.Lab
	roles   map[string]role // Compose service -> what it is in the lab

	noNetwork bool // the lab's network is not known, so no address on it is
}

// role is what a Compose service is in the lab.
type role struct {
	node    *topology.Node // nil: the client
	service topology.Service
	cluster *topology.Cluster
	rank    int
}

// build makes the lab, checks it, and converts everything.
func (b *builder) build() *Project {
	b.lab.Clusters = b.clusters()
	b.findRoles()
	b.settings()
	b.network()
	b.client()
	b.checkNodes()
	if !b.trusted {
		b.checkHarm()
	}
	for _, f := range b.lab.Validate() {
		if !b.follows(f.Path) {
			b.wrong(b.placePath(f.Path), f.What, f.Why, f.Cures[0].Do)
		}
	}
	b.checkSettings()
	p := &Project{Lab: b.lab, Containers: b.containers()}
	p.Networks, p.Volumes = b.networks(), b.volumes()
	return p
}

// clusters looks up the section's clusters and nodes.
func (b *builder) clusters() []topology.Cluster {
	var all []topology.Cluster
	for _, xc := range b.x.clusters {
		c := topology.Cluster{Name: xc.name, VIP: topology.VIP{Name: xc.vip, RouterID: xc.routerID}}
		c.VIP.Address = b.parseAddress([]string{extension, "clusters", xc.name, "vip", "address"}, xc.address)
		for _, xn := range xc.nodes {
			c.Nodes = append(c.Nodes, b.node(xc.name, xn))
			app := b.project.Services[xn.services[topology.ServiceApp]]
			c.Upstream = firstOf(c.Upstream, value(app.Environment, agentapi.EnvUpstream))
		}
		all = append(all, c)
	}
	return all
}

// node looks up one node: its address is its service's on the lab's network,
// unless it is a host of its own.
func (b *builder) node(cluster string, xn sectionNode) topology.Node {
	n := topology.Node{Name: xn.name, Cluster: cluster, Services: xn.services, Endpoint: xn.endpoint, Interface: xn.netdevice, Vagrant: xn.vagrant}
	b.checkVagrant(cluster, xn)
	path := []string{extension, "clusters", cluster, "nodes", xn.name, "address"}
	said := b.parseAddress(path, xn.address)
	service, ok := b.project.Services[xn.services[topology.ServiceNode]]
	if xn.endpoint != "" || !ok {
		n.Address = said
		return n
	}
	n.Address, n.MAC = b.attachment(service)
	if said.IsValid() && n.Address.IsValid() && said != n.Address {
		b.wrong(path, fmt.Sprintf("node %s has address %s here", xn.name, said),
			fmt.Sprintf("its service %s has %s on network %s", service.Name, n.Address, b.x.network), "remove it here: the service's address counts")
	}
	return n
}

// attachment is a service's address on the lab's network, and its MAC address.
func (b *builder) attachment(service types.ServiceConfig) (netip.Addr, string) {
	mac := service.MacAddress
	attached := service.Networks[b.x.network]
	if attached == nil {
		return netip.Addr{}, mac
	}
	if attached.MacAddress != "" {
		mac = attached.MacAddress
	}
	return b.parseAddress([]string{"services", service.Name, "networks", b.x.network, "ipv4_address"}, attached.Ipv4Address), mac
}

func (b *builder) parseAddress(path []string, text string) netip.Addr {
	if text == "" {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(text)
	if err != nil || !a.Is4() {
		b.wrong(path, fmt.Sprintf("%q is not an IPv4 address", text), "VRRP and the lab's network are IPv4", "write four numbers, such as 10.1.2.3")
		b.hush(path)
		return netip.Addr{}
	}
	return a
}

// settings finds the lab's name, profile and base: as asked for, or else as the
// file has them.
func (b *builder) settings() {
	first := b.firstNode()
	name := ""
	if b.project.Name != projectName {
		name = b.project.Name
	}
	b.lab.Name = firstOf(b.options.Name, name, first.Labels[engine.LabelLab], topology.DefaultName)
	b.lab.Profile = topology.Profile(firstOf(b.options.Profile, value(first.Environment, agentapi.EnvProfile), first.Labels[engine.LabelProfile], string(defaultProfile)))
	_, tag, _ := strings.Cut(first.Image, ":")
	b.lab.Base = firstOf(b.options.Base, first.Labels[engine.LabelBase], tag)
}

// firstNode is the Compose service of the first node there is.
func (b *builder) firstNode() types.ServiceConfig {
	for _, n := range b.lab.Nodes() {
		if s, ok := b.project.Services[n.Services[topology.ServiceNode]]; ok {
			return s
		}
	}
	return types.ServiceConfig{}
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// value is a variable of a service's environment.
func value(env types.MappingWithEquals, key string) string {
	if v := env[key]; v != nil {
		return *v
	}
	return ""
}

// follows reports whether a topology problem is but the consequence of a name
// that leads nowhere, which has its own.
func (b *builder) follows(path []string) bool {
	ofNode := len(path) == 5 && path[2] == "nodes"
	switch {
	case b.noNetwork && (path[0] == "network" || path[0] == "client" && len(path) == 2):
		return true
	case ofNode && path[4] == "address":
		n, _ := b.lab.Node(path[3])
		_, known := b.project.Services[n.Services[topology.ServiceNode]]
		return n.Endpoint == "" && (b.noNetwork || !known) && !n.Address.IsValid()
	}
	return false
}

// unknown notes a name that there is not, and those that may be meant.
func (b *builder) unknown(path []string, kind, name string, known []string) {
	cure := fmt.Sprintf("there are: %s", strings.Join(known, ", "))
	if len(known) == 0 {
		cure = "add it, or correct the name"
	}
	if close := suggestField(name, known); close != "" {
		cure = "did you mean " + close + "?"
	}
	b.wrong(path, fmt.Sprintf("%s names %s %q", strings.Join(path, "."), kind, name), fmt.Sprintf("the file has no such %s", kind), cure)
	b.hush(path)
}

// placePath is where the description has the value that a topology problem is
// about: the section, or the service that the section points to.
func (b *builder) placePath(path []string) []string {
	last := path[len(path)-1]
	inSection := append([]string{extension}, path...)
	service := ""
	switch {
	case path[0] == "name" || path[0] == "profile":
		return path
	case path[0] == "network":
		return []string{"networks", b.x.network, "ipam", "config", "0", "subnet"}
	case b.sources.has(inSection...):
		return inSection
	case path[0] == "client" && len(path) == 2:
		service = b.x.client
	case len(path) == 5 && path[2] == "nodes":
		if n, ok := b.lab.Node(path[3]); ok {
			service = n.Services[topology.ServiceNode]
		}
	}
	switch {
	case service == "" || !b.sources.has("services", service):
		return inSection
	case last == "mac" && b.sources.has("services", service, "mac_address"):
		return []string{"services", service, "mac_address"}
	case last == "mac":
		return []string{"services", service, "networks", b.x.network, "mac_address"}
	case last == "address":
		return []string{"services", service, "networks", b.x.network, "ipv4_address"}
	}
	return inSection
}
