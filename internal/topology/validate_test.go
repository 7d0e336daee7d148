package topology

import (
	"net/netip"
	"strings"
	"testing"
)

// lab is a small lab with nothing wrong.
func lab() *Lab {
	return &Lab{
		Name: "test", Profile: ProfileFast, Base: "debian12", Client: "client", ClientAddress: netip.MustParseAddr("10.1.2.2"),
		Network: Network{Key: "lab", Subnet: netip.MustParsePrefix("10.1.2.0/24"), Parent: "hl-test", HostLeg: netip.MustParseAddr("10.1.2.1")},
		Clusters: []Cluster{
			cluster("frontend", "10.1.2.10", 10, "10.1.2.11", "10.1.2.12"),
			cluster("backend", "10.1.2.20", 20, "10.1.2.21", "10.1.2.22"),
		},
	}
}

func cluster(name, vip string, id int, addresses ...string) Cluster {
	c := Cluster{Name: name, VIP: VIP{Name: name + "-00", Address: netip.MustParseAddr(vip), RouterID: id}}
	for i, a := range addresses {
		n := Node{Name: name + "-0" + string(rune('1'+i)), Cluster: name, Address: netip.MustParseAddr(a), Services: map[Service]string{}}
		for _, s := range Services() {
			n.Services[s] = n.Name + "-" + string(s)
		}
		c.Nodes = append(c.Nodes, n)
	}
	return c
}

func TestValidateFindsNothingInASoundLab(t *testing.T) {
	if problems := lab().Validate(); len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		damage func(*Lab)
		path   string
		want   string // part of the problem's line
	}{
		{"no name", func(l *Lab) { l.Name = "" }, "name", `the lab's name is ""`},
		{"name with a slash", func(l *Lab) { l.Name = "a/b" }, "name", `the lab's name is "a/b"`},
		{"profile", func(l *Lab) { l.Profile = "quick" }, "profile", "use fast or classic"},
		{"no cluster", func(l *Lab) { l.Clusters = nil }, "clusters", "there is no cluster"},
		{"no client", func(l *Lab) { l.Client = "" }, "client", "there is no client"},
		{"client without address", func(l *Lab) { l.ClientAddress = netip.Addr{} }, "client.address", "client client has no address"},
		{"no subnet", func(l *Lab) { l.Network.Subnet = netip.Prefix{} }, "network", `network "lab" has no IPv4 subnet`},
		{"subnet with host bits", func(l *Lab) { l.Network.Subnet = netip.MustParsePrefix("10.1.2.5/24") }, "network", "use 10.1.2.0/24"},
		{"long parent", func(l *Lab) { l.Network.Parent = "a-name-of-17-char" }, "network", "at most 15 characters"},
		{"cluster without nodes", func(l *Lab) { l.Clusters[1].Nodes = nil }, "clusters.backend.nodes", "cluster backend has no nodes"},
		{"VIP outside", func(l *Lab) { l.Clusters[0].VIP.Address = netip.MustParseAddr("10.1.3.10") }, "clusters.frontend.vip.address", "outside the lab's subnet 10.1.2.0/24"},
		{"VIP is broadcast", func(l *Lab) { l.Clusters[0].VIP.Address = netip.MustParseAddr("10.1.2.255") }, "clusters.frontend.vip.address", "broadcast address"},
		{"VIP is a node", func(l *Lab) { l.Clusters[0].VIP.Address = l.Clusters[0].Nodes[0].Address }, "clusters.frontend.nodes.frontend-01.address", "VIP frontend-00 has it too"},
		{"VIPs alike", func(l *Lab) { l.Clusters[1].VIP.Address = l.Clusters[0].VIP.Address }, "clusters.backend.vip.address", "VIP frontend-00 has it too"},
		{"VIP without address", func(l *Lab) { l.Clusters[1].VIP.Address = netip.Addr{} }, "clusters.backend.vip.address", "has no IPv4 address"},
		{"VIP without name", func(l *Lab) { l.Clusters[1].VIP.Name = "" }, "clusters.backend.vip.name", "has no name"},
		{"router id 0", func(l *Lab) { l.Clusters[1].VIP.RouterID = 0 }, "clusters.backend.vip.router_id", "1 to 255"},
		{"router id 256", func(l *Lab) { l.Clusters[1].VIP.RouterID = 256 }, "clusters.backend.vip.router_id", "1 to 255"},
		{"router ids alike", func(l *Lab) { l.Clusters[1].VIP.RouterID = 10 }, "clusters.backend.vip.router_id", "VIP frontend-00 has it too"},
		{"nodes alike", func(l *Lab) { l.Clusters[1].Nodes[1].Address = l.Clusters[0].Nodes[1].Address }, "clusters.backend.nodes.backend-02.address", "node frontend-02 has it too"},
		{"node without address", func(l *Lab) { l.Clusters[0].Nodes[0].Address = netip.Addr{} }, "clusters.frontend.nodes.frontend-01.address", "node frontend-01 has no address"},
		{"node is the host", func(l *Lab) { l.Clusters[0].Nodes[0].Address = l.Network.HostLeg }, "clusters.frontend.nodes.frontend-01.address", "the host's own leg has it too"},
		{"node called as its VIP", func(l *Lab) { l.Clusters[0].Nodes[0].Name = "frontend-00" }, "clusters.frontend.nodes.frontend-00", "a target must mean one thing"},
		{"node called badly", func(l *Lab) { l.Clusters[0].Nodes[0].Name = "Front_end" }, "clusters.frontend.nodes.Front_end", `is called "Front_end"`},
		{"node lacks services", func(l *Lab) { delete(l.Clusters[0].Nodes[0].Services, ServiceApp) }, "clusters.frontend.nodes.frontend-01", "node frontend-01 has no app"},
		{"MAC nonsense", func(l *Lab) { l.Clusters[0].Nodes[0].MAC = "02:68" }, "clusters.frontend.nodes.frontend-01.mac", "that is none"},
		{"MAC of a group", func(l *Lab) { l.Clusters[0].Nodes[0].MAC = "01:00:5e:00:00:12" }, "clusters.frontend.nodes.frontend-01.mac", "a group's address"},
		{"host without interface", func(l *Lab) { onHosts(l); l.Clusters[0].Nodes[0].Interface = "" }, "clusters.frontend.nodes.frontend-01.interface", "without an interface"},
		{"two nodes on one host", func(l *Lab) { onHosts(l); l.Clusters[1].Nodes[0].Endpoint = l.Clusters[0].Nodes[0].Endpoint }, "clusters.backend.nodes.backend-01.docker", "is that host already"},
		{"some nodes on hosts", func(l *Lab) { n := &l.Clusters[0].Nodes[0]; n.Endpoint, n.Interface = "ssh://a", "eth1" }, "clusters", "1 of 4 nodes have docker"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := lab()
			tt.damage(l)
			problems := l.Validate()
			if len(problems) != 1 {
				t.Fatalf("%d problems, want 1: %v", len(problems), problems)
			}
			if got := strings.Join(problems[0].Path, "."); got != tt.path {
				t.Errorf("path %q, want %q", got, tt.path)
			}
			if !strings.Contains(problems[0].Line(), tt.want) {
				t.Errorf("problem %q does not say %q", problems[0], tt.want)
			}
			if problems[0].Why == "" || len(problems[0].Cures) == 0 {
				t.Errorf("problem without reason or cure: %#v", problems[0])
			}
		})
	}
}

func TestValidateReportsAllProblemsAtOnce(t *testing.T) {
	l := lab()
	l.Profile = ""
	l.Clusters[0].VIP.RouterID = 300
	l.Clusters[1].Nodes[0].Address = netip.MustParseAddr("10.9.9.9")
	if problems := l.Validate(); len(problems) != 3 {
		t.Errorf("%d problems, want 3: %v", len(problems), problems)
	}
}

func TestMACsAlike(t *testing.T) {
	l := lab()
	l.Clusters[0].Nodes[0].MAC = "02:68:c0:a8:63:0b"
	l.Clusters[1].Nodes[0].MAC = "02:68:C0:A8:63:0B"
	problems := l.Validate()
	if len(problems) != 1 || !strings.Contains(problems[0].Line(), "node frontend-01 has it too") {
		t.Errorf("problems: %v", problems)
	}
}

func TestInterfaceNamesFit(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"halab", "a", "second", "exactly-10", "eleven-char", "a-name-of-the-greatest-length-of-forty-ch", "a-name-of-the-greatest-length-of-forty-ci"} {
		l := Lab{Name: name}
		for _, i := range []string{OwnParent(name), l.Peer(), l.Leg()} {
			if len(i) > 15 {
				t.Errorf("lab %q: interface %q has %d characters", name, i, len(i))
			}
			if other, taken := seen[i]; taken {
				t.Errorf("labs %q and %q share interface %q", name, other, i)
			}
			seen[i] = name
		}
	}
	if got := OwnParent(DefaultName); got != "halab0" {
		t.Errorf("parent of the default lab is %q", got)
	}
}

// onHosts makes every node a host of its own.
func onHosts(l *Lab) {
	for _, c := range l.Clusters {
		for i := range c.Nodes {
			c.Nodes[i].Endpoint, c.Nodes[i].Interface = "ssh://"+c.Nodes[i].Name, "eth1"
		}
	}
}
