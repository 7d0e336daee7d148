package composefile

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/topology"
)

// findRoles notes what each Compose service is in the lab, and services that
// the section names and the file lacks, or names twice.
func (b *builder) findRoles() {
	b.roles = map[string]role{}
	rank := 0
	for i := range b.lab.Clusters {
		c := &b.lab.Clusters[i]
		for j := range c.Nodes {
			n := &c.Nodes[j]
			for _, s := range topology.Services() {
				if name := n.Services[s]; name != "" {
					b.findRole(name, role{node: n, service: s, cluster: c, rank: rank})
				}
			}
			rank++
		}
	}
}

func (b *builder) findRole(name string, r role) {
	path := []string{extension, "clusters", r.cluster.Name, "nodes", r.node.Name, string(r.service)}
	if _, ok := b.project.Services[name]; !ok {
		b.unknown(path, "service", name, b.project.ServiceNames())
		return
	}
	if other, taken := b.roles[name]; taken {
		b.wrong(path, fmt.Sprintf("service %s is the %s of node %s", name, r.service, r.node.Name),
			fmt.Sprintf("it is the %s of node %s already", other.service, other.node.Name), "give each part of a node a service of its own")
		return
	}
	b.roles[name] = r
}

// checkNodes checks that the four services of a node are one machine.
func (b *builder) checkNodes() {
	for _, name := range b.project.ServiceNames() {
		r, ok := b.roles[name]
		if !ok || r.node == nil {
			continue
		}
		n, service := r.node, b.project.Services[name]
		machine := n.Services[topology.ServiceNode]
		switch {
		case n.Endpoint != "":
			b.mustBe(service, "network_mode", service.NetworkMode, "host", fmt.Sprintf("node %s is the host %s itself", n.Name, n.Endpoint))
			if r.service != topology.ServiceNode && machine != "" {
				b.mustBe(service, "pid", service.Pid, "service:"+machine, fmt.Sprintf("node %s ends as one: with its first process all others do", n.Name))
			}
		case r.service == topology.ServiceNode:
			b.checkMachine(*n, service)
		case machine != "":
			joined := "service:" + machine
			why := fmt.Sprintf("it is the %s of node %s, and a node is one machine with one network and one process table", r.service, n.Name)
			b.mustBe(service, "network_mode", service.NetworkMode, joined, why)
			b.mustBe(service, "pid", service.Pid, joined, why)
		}
	}
}

// mustBe notes a namespace setting of a service that is not as it must be.
func (b *builder) mustBe(service types.ServiceConfig, field, found, wanted, why string) {
	if found == wanted {
		return
	}
	what := fmt.Sprintf("service %s has %s: %s", service.Name, field, found)
	if found == "" {
		what = fmt.Sprintf("service %s has no %s", service.Name, field)
	}
	b.wrong([]string{"services", service.Name, field}, what, why, fmt.Sprintf("write %s: %q", field, wanted))
}

// checkMachine checks the service that a node's others join.
func (b *builder) checkMachine(n topology.Node, service types.ServiceConfig) {
	for _, f := range []struct{ name, value string }{{"network_mode", service.NetworkMode}, {"pid", service.Pid}} {
		if f.value != "" {
			b.wrong([]string{"services", service.Name, f.name}, fmt.Sprintf("service %s has %s: %s", service.Name, f.name, f.value),
				fmt.Sprintf("it is node %s: a machine with a network and processes of its own", n.Name), "remove it")
		}
	}
	if _, on := service.Networks[b.x.network]; !on && service.NetworkMode == "" && b.x.network != "" {
		path := []string{"services", service.Name, "networks", b.x.network}
		b.wrong(path, fmt.Sprintf("service %s is not on network %s", service.Name, b.x.network),
			fmt.Sprintf("it is node %s, which needs an address there", n.Name), fmt.Sprintf("write networks: {%s: {ipv4_address: …}}", b.x.network))
		b.quiet.add(b.sources.at(path))
	}
}

// environment is what the containers of a node are told (package agentapi).
func (b *builder) environment(r role) map[string]string {
	env := map[string]string{agentapi.EnvLab: b.lab.Name}
	if r.node == nil {
		return env
	}
	var nodes []string
	for _, n := range r.cluster.Nodes {
		nodes = append(nodes, n.Name+"="+n.Address.String())
	}
	env[agentapi.EnvProfile] = string(b.lab.Profile)
	env[agentapi.EnvCluster] = r.cluster.Name
	env[agentapi.EnvNode] = r.node.Name
	env[agentapi.EnvNodes] = strings.Join(nodes, " ")
	env[agentapi.EnvVIP] = fmt.Sprintf("%s/%d", r.cluster.VIP.Address, b.lab.Network.Subnet.Bits())
	env[agentapi.EnvVIPName] = r.cluster.VIP.Name
	env[agentapi.EnvRouterID] = strconv.Itoa(r.cluster.VIP.RouterID)
	if r.node.Interface != "" {
		env[agentapi.EnvInterface] = r.node.Interface
	}
	if r.node.Endpoint != "" {
		env[agentapi.EnvHost] = "1"
	}
	return env
}

// labels are what a container, network or volume of the lab carries.
func (b *builder) labels(r *role) map[string]string {
	labels := map[string]string{engine.LabelLab: b.lab.Name, engine.LabelProfile: string(b.lab.Profile)}
	if b.lab.Base != "" {
		labels[engine.LabelBase] = b.lab.Base
	}
	switch {
	case r == nil:
	case r.node == nil:
		labels[engine.LabelService] = serviceClient
	default:
		labels[engine.LabelService] = string(r.service)
		labels[engine.LabelNode] = r.node.Name
		labels[engine.LabelCluster] = r.cluster.Name
		labels[engine.LabelAddress] = r.node.Address.String()
		labels[engine.LabelVIP] = r.cluster.VIP.Name + "=" + r.cluster.VIP.Address.String()
		labels[engine.LabelRank] = strconv.Itoa(r.rank)
		if r.cluster.Upstream != "" {
			labels[engine.LabelUpstream] = r.cluster.Upstream
		}
	}
	return labels
}

// Values of engine.LabelService beside those of a node's services.
const (
	serviceClient = "client"
	serviceExtra  = "extra" // a service of the file that is no part of the lab's topology
)
