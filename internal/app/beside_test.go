package app

import (
	"net/netip"
	"strings"
	"testing"

	"halab/internal/event"
	"halab/internal/lab"
	"halab/internal/preflight"
	"halab/internal/topology"
)

// TestReach holds what up says of the host's leg: where it can't be reached from
// here, it says so and why, and halab curl is what can ask.
func TestReach(t *testing.T) {
	t.Parallel()
	leg := topology.Lab{Name: "halab", Network: topology.Network{HostLeg: netip.MustParseAddr("192.168.99.1")}}
	for _, c := range []struct {
		name  string
		lab   topology.Lab
		facts preflight.Facts
		why   string
	}{
		{"this machine", leg, preflight.Facts{Local: true, Beside: preflight.Yes}, ""},
		{"this machine, before a helper was there", leg, preflight.Facts{Local: true}, ""},
		{"another namespace", leg, preflight.Facts{Local: true, Beside: preflight.No}, "192.168.99.1, is in another network namespace"},
		{"another machine", leg, preflight.Facts{}, "192.168.99.1, is on another machine"},
		{"no leg", topology.Lab{Name: "halab"}, preflight.Facts{Local: true, Beside: preflight.Yes}, "has no leg"},
		{"hosts", topology.Lab{Clusters: []topology.Cluster{{Nodes: []topology.Node{{Name: "a-01", Endpoint: "ssh://a"}}}}}, preflight.Facts{}, ""},
	} {
		reachable, why := reach(lab.New("halab", nil, func(event.Event) {}), &c.lab, c.facts)
		if reachable != (c.why == "") || !strings.Contains(why, c.why) {
			t.Errorf("%s: %v, %q", c.name, reachable, why)
		}
	}
}
