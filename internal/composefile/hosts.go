package composefile

import (
	_ "embed"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
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
type Host struct {
	Name, Endpoint, Interface, Address string
	Vagrant                            string // folder of the Vagrantfile it is a machine of; empty: none
}

// HostsMark is how what WriteHosts writes begins.
const HostsMark = "# A lab whose nodes are hosts of their own"

// WriteHosts writes the Compose file of a lab on hosts.
func WriteHosts(w io.Writer, l HostLab) error {
	t, err := template.New("hosts").Funcs(template.FuncMap{"quote": quote}).Parse(hostsTemplate)
	if err != nil {
		return err
	}
	return t.Execute(w, l)
}

// quote writes a text as YAML has it in double quotes, with no variable of
// Compose's in it.
func quote(text string) string { return strconv.Quote(strings.ReplaceAll(text, "$", "$$")) }

// FourHosts is the lab of four hosts on a /24: two frontends .11 and .12 with
// the VIP .10, two backends .21 and .22 with the VIP .20. prefix is the first
// three numbers of the addresses; finish adds each node's endpoint and interface
// to its name and address.
func FourHosts(file, prefix, clientInterface string, finish func(h *Host)) HostLab {
	host := func(name, last string) Host {
		h := Host{Name: name, Address: prefix + "." + last}
		finish(&h)
		return h
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

// checkVagrant checks the folder that a node's power is switched from.
func (b *builder) checkVagrant(cluster string, xn sectionNode) {
	path := []string{extension, "clusters", cluster, "nodes", xn.name, "vagrant"}
	switch {
	case xn.vagrant == "":
	case xn.endpoint == "":
		b.wrong(path, fmt.Sprintf("node %s is a machine of Vagrant's and has no docker endpoint", xn.name),
			"without one it is a container, which has no power switch", "let halab vagrant export write the file, or remove it here")
	case !filepath.IsAbs(xn.vagrant):
		b.wrong(path, fmt.Sprintf("node %s has vagrant: %s", xn.name, xn.vagrant), "halab may be called in any folder", "write the whole path of the folder with the Vagrantfile")
	}
}
