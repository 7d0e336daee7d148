package machine_test

import (
	"net/netip"
	"testing"

	"halab/internal/agent/agenttest"
	"halab/internal/agent/machine"

	"github.com/vishvananda/netlink"
)

// TestStaleVIPIsRemoved is what keepalived's start does.
func TestStaleVIPIsRemoved(t *testing.T) {
	agenttest.InFreshNetwork(t, func() {
		if err := agenttest.Cable("eth0", "cable"); err != nil {
			t.Errorf("veth: %v", err)
			return
		}
		for _, text := range []string{"192.168.99.11/24", "192.168.99.10/24"} {
			a, _ := netlink.ParseAddr(text)
			if err := netlink.AddrAdd(agenttest.Link("eth0"), a); err != nil {
				t.Errorf("address: %v", err)
			}
		}
		vip := netip.MustParseAddr("192.168.99.10")
		for range 2 {
			if err := machine.RemoveAddress("eth0", vip); err != nil {
				t.Error(err)
			}
		}
		if got, err := machine.AddressesOf("eth0"); err != nil || len(got) != 1 || got[0].String() != "192.168.99.11" {
			t.Errorf("left %v, %v", got, err)
		}
	})
}
