package fault

import (
	"net"
	"testing"

	"halab/internal/agent/agenttest"
	"halab/internal/agentapi"

	"github.com/vishvananda/netlink"
)

// A link that is down passes nothing, keeps its addresses, and has its routes
// again afterwards.
func TestLinkDown(t *testing.T) {
	a, b, site := twoSpaces(t)
	routes := func() (n int) {
		a.in(func() {
			link, _ := netlink.LinkByName("eth0")
			list, err := netlink.RouteList(link, netlink.FAMILY_V4)
			agenttest.Must(t, err)
			n = len(list)
		})
		return n
	}
	a.in(func() {
		link, _ := netlink.LinkByName("eth0")
		_, to, _ := net.ParseCIDR("10.77.0.0/16")
		agenttest.Must(t, netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: to, Gw: net.ParseIP("10.9.9.2")}))
		agenttest.Must(t, netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: net.ParseIP("10.9.9.2")}))
	})
	before := routes()
	undo := breaks(t, a, site, agentapi.FaultRequest{Fault: agentapi.FaultLinkDown})
	if b.gets(a, udp) || a.gets(b, udp) {
		t.Error("a pulled cable passes packets")
	}
	undo()
	agenttest.Await(t, "the way back", func() bool { return b.gets(a, udp) && a.gets(b, udp) })
	if after := routes(); after != before {
		t.Errorf("%d routes before, %d after", before, after)
	}
}
