package fault

import (
	"strings"
	"testing"
	"time"

	"halab/internal/agent/agenttest"
	"halab/internal/agentapi"

	"github.com/vishvananda/netlink"
)

// A rate holds packets back; afterwards the interface has no queue again.
func TestRate(t *testing.T) {
	a, b, site := twoSpaces(t)
	undo := breaks(t, a, site, agentapi.FaultRequest{Fault: agentapi.FaultRate, Rate: 1_000_000})
	// Of 2000 packets of 106 bytes the bucket and the queue take 4096 + 10346 bytes,
	// and 125 bytes go on in each millisecond that a busy machine takes to send them.
	begin := time.Now()
	came := b.count(a, udp, 2000)
	took := time.Since(begin)
	if most := int(4096+10346+125*took.Milliseconds())/106 + 20; came > most || came < 20 {
		t.Errorf("%d of 2000 packets came within %s at 1 Mbit/s, not 20 to %d", came, took, most)
	}
	undo()
	if came := b.count(a, udp, 500); came != 500 {
		t.Errorf("%d of 500 came without a rate", came)
	}
}

// What somebody else queues stays.
func TestForeignQueueStays(t *testing.T) {
	a, _, site := twoSpaces(t)
	a.in(func() {
		link, _ := netlink.LinkByName("eth0")
		agenttest.Must(t, netlink.QdiscAdd(&netlink.Tbf{QdiscAttrs: netlink.QdiscAttrs{LinkIndex: link.Attrs().Index, Handle: netlink.MakeHandle(1, 0), Parent: netlink.HANDLE_ROOT},
			Rate: 1 << 20, Limit: 1 << 16, Buffer: netlink.Xmittime(1<<20, 8192)}))
		_, err := applyFault(site, agentapi.FaultRequest{ID: "r", Fault: agentapi.FaultRate, Rate: 1000000}, func() error { return nil })
		if err == nil || !strings.Contains(err.Error(), "leaves alone") {
			t.Errorf("a rate over somebody's queue: %v", err)
		}
		if root, err := rootQueue("eth0"); err != nil || root == nil {
			t.Errorf("somebody's queue is gone: %v, %v", root, err)
		}
	})
}
