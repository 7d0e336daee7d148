package agent

import (
	"testing"

	"halab/internal/agentapi"
)

// Each fault of the packet filter drops what it should and nothing else, and
// leaves nothing behind.
func TestFilterFaults(t *testing.T) {
	a, b, site := twoSpaces(t)
	type way struct {
		from, to *space
		kind     traffic
	}
	ways := []way{{a, b, udp}, {b, a, udp}, {a, b, vrrpAdvert}, {b, a, vrrpAdvert}, {a, b, garp}, {b, a, garp}}
	peer := func(in, out bool) []agentapi.FaultPeer {
		return []agentapi.FaultPeer{{Name: "b", MAC: b.mac.String(), In: in, Out: out}}
	}
	for _, c := range []struct {
		name    string
		request agentapi.FaultRequest
		passes  [6]bool // in the order of ways
	}{
		{"drop vrrp out", agentapi.FaultRequest{Fault: agentapi.FaultDropVRRP, Direction: "out"}, [6]bool{true, true, false, true, true, true}},
		{"drop vrrp in", agentapi.FaultRequest{Fault: agentapi.FaultDropVRRP, Direction: "in"}, [6]bool{true, true, true, false, true, true}},
		{"drop vrrp both", agentapi.FaultRequest{Fault: agentapi.FaultDropVRRP, Direction: "both"}, [6]bool{true, true, false, false, true, true}},
		{"drop arp", agentapi.FaultRequest{Fault: agentapi.FaultDropARP}, [6]bool{true, true, true, true, false, true}},
		{"partition in", agentapi.FaultRequest{Fault: agentapi.FaultPartition, Peers: peer(true, false)}, [6]bool{true, false, true, false, true, true}},
		{"partition", agentapi.FaultRequest{Fault: agentapi.FaultPartition, Peers: peer(true, true)}, [6]bool{false, false, false, false, true, true}},
		{"loss of all in", agentapi.FaultRequest{Fault: agentapi.FaultLoss, Percent: 100, Direction: "in"}, [6]bool{true, false, true, false, true, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			undo := breaks(t, a, site, c.request)
			for i, w := range ways {
				if w.from == b && w.kind == garp {
					continue // a packet socket sees a frame before the packet filter does
				}
				if got := w.to.gets(w.from, w.kind); got != c.passes[i] {
					t.Errorf("way %d passes: %v", i, got)
				}
			}
			undo()
			for i, w := range ways {
				if !w.to.gets(w.from, w.kind) {
					t.Errorf("way %d is not open again", i)
				}
			}
		})
	}
}

// A loss of 30 % loses about 30 %.
func TestLossIsAShare(t *testing.T) {
	a, b, site := twoSpaces(t)
	undo := breaks(t, a, site, agentapi.FaultRequest{Fault: agentapi.FaultLoss, Percent: 30, Direction: "out"})
	defer undo()
	const sent = 2000
	// 6 standard deviations of a binomial distribution: 6·√(2000·0.3·0.7) = 123
	if came := b.count(a, udp, sent); came < sent*7/10-123 || came > sent*7/10+123 {
		t.Errorf("%d of %d came under a loss of 30 %%", came, sent)
	}
}
