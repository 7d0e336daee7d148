package fault

import (
	"net"
	"slices"
	"strings"
	"testing"

	"halab/internal/agent/agenttest"
	"halab/internal/agentapi"

	"github.com/vishvananda/netlink"
)

// What faults left on a host's network is found and removed without any record,
// and what is the host's own stays.
func TestSweep(t *testing.T) {
	t.Setenv(agentapi.EnvHost, "1")
	a, b, site := twoSpaces(t)
	breaks(t, a, site, agentapi.FaultRequest{ID: "loss-1", Fault: agentapi.FaultLoss, Percent: 100, Direction: agentapi.DirectionBoth})
	breaks(t, a, site, agentapi.FaultRequest{ID: "rate-1", Fault: agentapi.FaultRate, Rate: 1_000_000})
	breaks(t, a, site, agentapi.FaultRequest{ID: "link-1", Fault: agentapi.FaultLinkDown})
	agenttest.Must(t, site.store().forget("link-1")) // as after the end of all containers
	var removed, again []string
	var has []net.Addr
	var err error
	a.in(func() {
		if removed, err = Sweep("eth0"); err == nil {
			again, err = Sweep("eth0")
		}
		if i, ierr := net.InterfaceByName("eth0"); ierr == nil {
			has, _ = i.Addrs()
		}
	})
	agenttest.Must(t, err)
	for _, want := range []string{"halab-loss-1", "queueing discipline", "link down"} {
		if !strings.Contains(strings.Join(removed, ", "), want) {
			t.Errorf("%q is not among what was removed: %v", want, removed)
		}
	}
	if len(again) > 0 {
		t.Errorf("a second time there should be nothing: %v", again)
	}
	own := func(a net.Addr) bool { return strings.HasPrefix(a.String(), "10.9.9.1/") }
	if !slices.ContainsFunc(has, own) {
		t.Errorf("the interface has %v", has)
	}
	agenttest.Await(t, "the way between them", func() bool { return b.gets(a, udp) && a.gets(b, udp) })
}

// A link that an admin switched off stays off, and an alias of the host's own
// stays what it is.
func TestSweepLeavesTheHostsOwn(t *testing.T) {
	t.Setenv(agentapi.EnvHost, "1")
	a, _, _ := twoSpaces(t)
	var removed []string
	var link netlink.Link
	var err error
	a.in(func() {
		link, err = netlink.LinkByName("eth0")
		agenttest.Must(t, err)
		agenttest.Must(t, netlink.LinkSetAlias(link, "to the lab"))
		agenttest.Must(t, netlink.LinkSetDown(link))
		removed, err = Sweep("eth0")
		agenttest.Must(t, err)
		link, err = netlink.LinkByName("eth0")
		agenttest.Must(t, err)
	})
	if len(removed) > 0 || link.Attrs().Flags&net.FlagUp != 0 || link.Attrs().Alias != "to the lab" {
		t.Errorf("removed %v, flags %v, alias %q", removed, link.Attrs().Flags, link.Attrs().Alias)
	}
}
