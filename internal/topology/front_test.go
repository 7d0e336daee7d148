package topology

import (
	"net/netip"
	"testing"
)

// Which cluster is in front follows from who asks whom, not from names or order.
func TestFront(t *testing.T) {
	tier := func(name, vip, upstream string) Cluster {
		return Cluster{Name: name, VIP: VIP{Name: name + "-00", Address: netip.MustParseAddr(vip)}, Upstream: upstream,
			Nodes: []Node{{Name: name + "-01", Address: netip.MustParseAddr(vip).Next()}}}
	}
	front := tier("frontend", "10.1.2.10", "http://10.1.2.20/backend")
	back := tier("backend", "10.1.2.20", "")
	for _, c := range []struct {
		name      string
		clusters  []Cluster
		want, url string
	}{
		{"as the built-in lab has it", []Cluster{front, back}, "frontend", "http://10.1.2.10/frontend"},
		{"the frontend second", []Cluster{back, front}, "frontend", "http://10.1.2.10/frontend"},
		{"one cluster", []Cluster{back}, "backend", "http://10.1.2.20/backend"},
		{"one cluster whose apps ask what is no part of the lab", []Cluster{front}, "frontend", "http://10.1.2.10/frontend"},
		{"three tiers, the last first", []Cluster{back, tier("middle", "10.1.2.30", "http://backend-00/backend"), tier("edge", "10.1.2.40", "http://middle-01:5000/frontend")},
			"edge", "http://10.1.2.40/frontend"},
		{"two that know nothing of each other", []Cluster{tier("red", "10.1.2.30", ""), tier("blue", "10.1.2.40", "")}, "red", "http://10.1.2.30/backend"},
		{"each asks the other", []Cluster{tier("red", "10.1.2.30", "http://10.1.2.40/"), tier("blue", "10.1.2.40", "http://10.1.2.30/")}, "red", "http://10.1.2.30/frontend"},
		{"one that asks itself", []Cluster{tier("red", "10.1.2.30", "http://10.1.2.30/")}, "red", "http://10.1.2.30/frontend"},
	} {
		l := Lab{Clusters: c.clusters}
		got, ok := l.Front()
		if !ok || got.Name != c.want || got.URL(got.Path()) != c.url {
			t.Errorf("%s: %s, %s; want %s, %s", c.name, got.Name, got.URL(got.Path()), c.want, c.url)
		}
	}
	if c, ok := (&Lab{}).Front(); ok {
		t.Errorf("a lab without clusters has %v in front", c)
	}
}
