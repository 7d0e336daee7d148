package composefile

import (
	_ "embed" // hosts.yaml.tmpl
	"io"
	"text/template"
)

//go:embed hosts.yaml.tmpl
var hostsTemplate string

// HostLab is a lab whose nodes are hosts of their own, as WriteHosts writes it
// down.
type HostLab struct {
	File            string // what the file is called, for its own comment
	Subnet          string
	ClientInterface string // of this machine, with an address of the subnet
	Clusters        []HostCluster
}

// HostCluster is one cluster of hosts.
type HostCluster struct {
	Name, VIPName, VIP string
	RouterID           int
	Upstream           string // what its apps ask; empty: nobody
	Hosts              []Host
}

// Host is one node that is a host.
type Host struct{ Name, Endpoint, Interface, Address string }

// WriteHosts writes the Compose file of a lab on hosts.
func WriteHosts(w io.Writer, l HostLab) error {
	t, err := template.New("hosts").Parse(hostsTemplate)
	if err != nil {
		return err
	}
	return t.Execute(w, l)
}

// FourHosts is the lab of four hosts on a /24: two frontends .11 and .12 with
// the VIP .10, two backends .21 and .22 with the VIP .20. prefix is the first
// three numbers of the addresses; at gives each node's endpoint and interface.
func FourHosts(file, prefix, clientInterface string, at func(node string) (endpoint, netdevice string)) HostLab {
	host := func(name, last string) Host {
		endpoint, netdevice := at(name)
		return Host{Name: name, Endpoint: endpoint, Interface: netdevice, Address: prefix + "." + last}
	}
	return HostLab{
		File: file, Subnet: prefix + ".0/24", ClientInterface: clientInterface,
		Clusters: []HostCluster{
			{
				Name: "frontend", VIPName: "frontend-00", VIP: prefix + ".10", RouterID: 10,
				Upstream: "http://" + prefix + ".20/backend",
				Hosts:    []Host{host("frontend-01", "11"), host("frontend-02", "12")},
			},
			{
				Name: "backend", VIPName: "backend-00", VIP: prefix + ".20", RouterID: 20,
				Hosts: []Host{host("backend-01", "21"), host("backend-02", "22")},
			},
		},
	}
}
