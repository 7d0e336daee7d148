package agent

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"halab/internal/agent/agenttest"
	"halab/internal/agent/machine"
)

// The VIP outlives its move on the loopback interface, for its time, and for
// good where it comes back meanwhile.
func TestLinger(t *testing.T) {
	agenttest.InFreshNetwork(t, func() {
		vip := netip.MustParseAddr("10.9.9.10")
		// What a timer does runs in another thread's network: the end is looked at
		// by itself below.
		l := &linger{fail: t.Errorf, ends: map[netip.Addr]*time.Timer{}}
		there := func() bool {
			list, err := machine.AddressesOf("lo")
			agenttest.Must(t, err)
			return slices.Contains(list, vip)
		}
		l.note(vip, true)
		if !there() {
			t.Error("a VIP that is held is not on the loopback interface")
		}
		l.note(vip, false)
		if !there() || len(l.ends) != 1 {
			t.Error("a VIP that was given up does not linger")
		}
		l.note(vip, true)
		if !there() || len(l.ends) != 0 {
			t.Error("the end of an earlier tenure stands although the VIP came back")
		}
		agenttest.Must(t, setLoopback(vip, false))
		agenttest.Must(t, setLoopback(vip, false))
		if there() {
			t.Error("the VIP is still on the loopback interface")
		}
	})
}
