package fault

import (
	"net"
	"net/netip"
	"testing"

	"halab/internal/agent/agenttest"
	"halab/internal/agentapi"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Gratuitous ARPs of the VIP are dropped, and nothing else.
func TestDropARP(t *testing.T) {
	a, b, site := twoSpaces(t)
	filters(t, a, b, site, agentapi.FaultRequest{Fault: agentapi.FaultDropARP}, passes{true, true, true, true, false})
}

// A node that names no VIP has nothing that could be told from other ARPs.
func TestDropARPWithoutVIP(t *testing.T) {
	if _, err := applyFault(Site{run: t.TempDir()}, agentapi.FaultRequest{ID: "a", Fault: agentapi.FaultDropARP}, func() error { return nil }); err == nil {
		t.Error("it was done")
	}
}

// The undo tells the neighbours who has the VIP now, for they were told nothing:
// an entry of a neighbour changes at once.
func TestUndoOfDropARPAnnounces(t *testing.T) {
	a, b, site := twoSpaces(t)
	undo := breaks(t, a, site, agentapi.FaultRequest{Fault: agentapi.FaultDropARP})
	vip := netip.MustParseAddr("10.9.9.10")
	old := net.HardwareAddr{2, 0, 0, 0, 0, 9}
	entry := func() (mac string) {
		b.in(func() {
			link, _ := netlink.LinkByName("eth0")
			list, err := netlink.NeighList(link.Attrs().Index, netlink.FAMILY_V4)
			agenttest.Must(t, err)
			for _, n := range list {
				if n.IP.Equal(vip.AsSlice()) {
					mac = n.HardwareAddr.String()
				}
			}
		})
		return mac
	}
	b.in(func() {
		link, _ := netlink.LinkByName("eth0")
		agenttest.Must(t, netlink.NeighSet(&netlink.Neigh{LinkIndex: link.Attrs().Index, Family: netlink.FAMILY_V4, State: unix.NUD_STALE, IP: vip.AsSlice(), HardwareAddr: old}))
	})
	a.in(func() {
		link, _ := netlink.LinkByName("eth0")
		agenttest.Must(t, netlink.AddrAdd(link, &netlink.Addr{IPNet: &net.IPNet{IP: vip.AsSlice(), Mask: net.CIDRMask(24, 32)}}))
	})
	b.gets(a, garp) // lost
	if got := entry(); got != old.String() {
		t.Fatalf("under the fault the neighbour has %s, not %s", got, old)
	}
	undo()
	agenttest.Await(t, "the neighbour's new entry", func() bool { return entry() == a.mac.String() })
}
