package fault

import (
	"testing"

	"halab/internal/agent/agenttest"
	"halab/internal/agentapi"
)

// passes says what gets through between two machines: from the first to the
// second one and back.
type passes struct{ udp, udpBack, vrrp, vrrpBack, garp bool }

// everything passes where there is no fault.
var everything = passes{true, true, true, true, true}

// between measures it on real packets. A gratuitous ARP of the second machine is
// not looked for: a packet socket sees a frame before the packet filter does.
func between(a, b *space) passes {
	return passes{b.gets(a, udp), a.gets(b, udp), b.gets(a, vrrpAdvert), a.gets(b, vrrpAdvert), b.gets(a, garp)}
}

// filters does a fault of the packet filter to the first of two machines: what
// should be dropped is, nothing else is, and nothing is left behind.
func filters(t *testing.T, a, b *space, site Site, r agentapi.FaultRequest, want passes) {
	t.Helper()
	undo := breaks(t, a, site, r)
	if got := between(a, b); got != want {
		t.Errorf("%s %s passes %+v, not %+v", r.Fault, r.Direction, got, want)
	}
	undo()
	if got := between(a, b); got != everything {
		t.Errorf("after %s %s only %+v passes again", r.Fault, r.Direction, got)
	}
}

// Two faults of the packet filter have a table each, and go one by one.
func TestFiltersAreApart(t *testing.T) {
	a, b, site := twoSpaces(t)
	breaks(t, a, site, agentapi.FaultRequest{ID: "vrrp", Fault: agentapi.FaultDropVRRP, Direction: "both"})
	undo := breaks(t, a, site, agentapi.FaultRequest{ID: "arp", Fault: agentapi.FaultDropARP})
	if got, want := between(a, b), (passes{udp: true, udpBack: true}); got != want {
		t.Errorf("two faults let %+v through, not %+v", got, want)
	}
	a.in(func() {
		_, err := site.Undo("vrrp")
		agenttest.Must(t, err)
	})
	if got, want := between(a, b), (passes{true, true, true, true, false}); got != want {
		t.Errorf("the one that stays lets %+v through, not %+v", got, want)
	}
	undo()
	if got := between(a, b); got != everything {
		t.Errorf("afterwards only %+v passes", got)
	}
}
