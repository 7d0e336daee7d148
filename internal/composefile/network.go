package composefile

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"

	"halab/internal/topology"
)

// network looks up the lab's network.
func (b *builder) network() {
	n := topology.Network{Key: b.x.network, HostLeg: b.parseAddress([]string{extension, "host"}, b.x.host)}
	defer func() { b.lab.Network = n }()
	path := []string{extension, "network"}
	if b.x.network == "" && b.lab.OnHosts() {
		n.Subnet = b.hostSubnet()
		return
	}
	if b.x.network == "" {
		b.wrong(path, "x-halab names no network", "the nodes of a lab are on one", "name it: network: "+orElse(onlyKey(b.project.Networks), "lab"))
		b.hush(path)
		b.noNetwork = true
		return
	}
	config, ok := b.project.Networks[b.x.network]
	if !ok {
		b.unknown(path, "network", b.x.network, slices.Sorted(maps.Keys(b.project.Networks)))
		b.noNetwork = true
		return
	}
	if config.Driver != "macvlan" {
		b.wrong([]string{"networks", b.x.network, "driver"}, fmt.Sprintf("network %s has driver %q", b.x.network, config.Driver),
			"nodes are machines of their own on one Ethernet segment", "write driver: macvlan")
	}
	n.Parent = config.DriverOpts["parent"]
	n.Own = n.Parent == topology.OwnParent(b.lab.Name)
	if n.Parent == "" {
		b.wrong([]string{"networks", b.x.network, "driver_opts", "parent"}, fmt.Sprintf("network %s has no parent interface", b.x.network),
			"the engine would make one of a kind that not every kernel has", `write driver_opts: {parent: "${HALAB_PARENT:-halab0}"}`)
	}
	if pools := config.Ipam.Config; len(pools) > 0 && pools[0] != nil {
		subnet, err := netip.ParsePrefix(pools[0].Subnet)
		if err != nil {
			at := []string{"networks", b.x.network, "ipam", "config", "0", "subnet"}
			b.wrong(at, fmt.Sprintf("%q is not a subnet", pools[0].Subnet), "addresses are checked against it", "write an address and a length, such as 10.1.2.0/24")
			b.hush(at)
		}
		n.Subnet = subnet
	}
}

// hostSubnet is the subnet that the hosts' addresses are in: there is no network
// to make that would tell.
func (b *builder) hostSubnet() netip.Prefix {
	at := []string{extension, "subnet"}
	subnet, err := netip.ParsePrefix(b.x.subnet)
	if err != nil || !subnet.Addr().Is4() {
		b.wrong(at, fmt.Sprintf("x-halab has subnet %q", b.x.subnet), "the nodes are hosts, and the VIPs need the length of their network", "write an address and a length, such as subnet: 192.168.99.0/24")
		b.noNetwork = true
	}
	return subnet
}

func onlyKey(m types.Networks) string {
	if len(m) == 1 {
		for k := range m {
			return k
		}
	}
	return ""
}

// client looks up the client.
func (b *builder) client() {
	if b.x.client == "" {
		return
	}
	service, ok := b.project.Services[b.x.client]
	if !ok {
		b.unknown([]string{extension, "client"}, "service", b.x.client, b.project.ServiceNames())
		return
	}
	if r, taken := b.roles[b.x.client]; taken {
		b.wrong([]string{extension, "client"}, fmt.Sprintf("the client is service %s", b.x.client), fmt.Sprintf("that is a part of node %s", r.node.Name), "give the client a service of its own")
		b.hush([]string{extension, "client"})
		return
	}
	b.lab.Client = b.x.client
	b.roles[b.x.client] = role{}
	b.lab.ClientAddress, _ = b.attachment(service)
}
