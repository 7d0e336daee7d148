package fault

import (
	"strings"
	"testing"
	"time"

	"halab/internal/agent/agenttest"
	"halab/internal/agentapi"
)

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
		_, err := site.Undo("d")
		agenttest.Must(t, err)
	})
}
