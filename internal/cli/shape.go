package cli

import "halab/internal/topology"

// The JSON form of a topology; docs/json.md describes it.
type (
	labShape struct {
		Lab      string         `json:"lab"`
		Base     string         `json:"base"`
		Profile  string         `json:"profile"`
		Network  networkShape   `json:"network"`
		Client   string         `json:"client"` // address
		Clusters []clusterShape `json:"clusters"`
	}
	networkShape struct {
		Subnet  string `json:"subnet"`
		Parent  string `json:"parent"`
		Own     bool   `json:"own"` // halab makes the parent
		HostLeg string `json:"host_leg,omitempty"`
	}
	clusterShape struct {
		Name  string      `json:"name"`
		VIP   vipShape    `json:"vip"`
		More  []vipShape  `json:"more_vips,omitempty"`
		Nodes []nodeShape `json:"nodes"`
	}
	vipShape struct {
		Name     string `json:"name"`
		Address  string `json:"address"`
		RouterID int    `json:"router_id"`
	}
	nodeShape struct {
		Name     string            `json:"name"`
		Address  string            `json:"address"`
		MAC      string            `json:"mac,omitempty"`
		Endpoint string            `json:"endpoint,omitempty"`
		Services map[string]string `json:"services"` // service -> Compose service
	}
)

func shape(l *topology.Lab) labShape {
	s := labShape{
		Lab: l.Name, Base: l.Base, Profile: string(l.Profile), Clusters: []clusterShape{},
		Network: networkShape{Subnet: l.Network.Subnet.String(), Parent: l.Network.Parent, Own: l.Network.Own},
	}
	if l.Network.HostLeg.IsValid() {
		s.Network.HostLeg = l.Network.HostLeg.String()
	}
	if l.ClientAddress.IsValid() {
		s.Client = l.ClientAddress.String()
	}
	for _, c := range l.Clusters {
		cluster := clusterShape{Name: c.Name, VIP: vipShape{c.VIP.Name, c.VIP.Address.String(), c.VIP.RouterID}}
		for _, v := range c.More {
			cluster.More = append(cluster.More, vipShape{v.Name, v.Address.String(), v.RouterID})
		}
		for _, n := range c.Nodes {
			node := nodeShape{Name: n.Name, Address: n.Address.String(), MAC: n.MAC, Endpoint: n.Endpoint, Services: map[string]string{}}
			for service, name := range n.Services {
				node.Services[string(service)] = name
			}
			cluster.Nodes = append(cluster.Nodes, node)
		}
		s.Clusters = append(s.Clusters, cluster)
	}
	return s
}
