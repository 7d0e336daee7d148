package agent

import (
	"strings"
	"testing"
	"time"

	"halab/internal/agentapi"

	"github.com/vishvananda/netlink"
)

// A rate holds packets back; afterwards the interface has no queue again.
func TestRate(t *testing.T) {
	a, b, site := twoSpaces(t)
	undo := breaks(t, a, site, agentapi.FaultRequest{Fault: agentapi.FaultRate, Rate: 1_000_000})
	// 500 packets of 106 bytes at once: 424 kbit, of which the bucket and the
	// queue take 4096 + 10346 bytes; the rest is lost.
	begin := time.Now()
	came := b.count(a, udp, 500)
	if took := time.Since(begin); came > 250 || came < 20 {
		t.Errorf("%d of 500 packets came within %s at 1 Mbit/s", came, took)
	}
	undo()
	if came := b.count(a, udp, 500); came != 500 {
		t.Errorf("%d of 500 came without a rate", came)
	}
}

// Where the kernel has no netem, a delay says so and changes nothing; where it
// has, packets are late.
func TestDelay(t *testing.T) {
	a, b, site := twoSpaces(t)
	var err error
	a.in(func() {
		_, err = applyFault(site, agentapi.FaultRequest{ID: "d", Fault: agentapi.FaultDelay, Delay: 50 * time.Millisecond}, func() error { return nil })
	})
	if err != nil {
		if !strings.Contains(err.Error(), "has no netem") {
			t.Fatal(err)
		}
		a.in(func() {
			root, err := rootQueue("eth0")
			records, rerr := site.store().records()
			if err != nil || rerr != nil || root != nil || len(records) > 0 {
				t.Errorf("a delay that could not be made left %v, %v (%v, %v)", root, records, err, rerr)
			}
		})
		return
	}
	begin := time.Now()
	if !b.gets(a, udp) || time.Since(begin) < 50*time.Millisecond {
		t.Errorf("a packet took %s under a delay of 50 ms", time.Since(begin))
	}
	a.in(func() {
		_, err := undoFaults(site, "d")
		must(t, err)
	})
}

// What somebody else queues stays.
func TestForeignQueueStays(t *testing.T) {
	a, _, site := twoSpaces(t)
	a.in(func() {
		link, _ := netlink.LinkByName("eth0")
		must(t, netlink.QdiscAdd(&netlink.Tbf{QdiscAttrs: netlink.QdiscAttrs{LinkIndex: link.Attrs().Index, Handle: netlink.MakeHandle(1, 0), Parent: netlink.HANDLE_ROOT},
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
