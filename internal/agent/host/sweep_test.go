package host

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"halab/internal/agent/agenttest"
	"halab/internal/agent/command"
	"halab/internal/agent/machine"
	"halab/internal/agentapi"

	"github.com/vishvananda/netlink"
)

// The VIP goes, the host's own address stays, and a second time there is nothing
// to do. What faults leave has its test beside them.
func TestClean(t *testing.T) {
	agenttest.InFreshNetwork(t, func() {
		agenttest.Must(t, agenttest.Cable("v0", "v1"))
		for _, a := range []string{"10.9.9.1/24", "10.9.9.10/32"} {
			address, err := netlink.ParseAddr(a)
			agenttest.Must(t, err)
			agenttest.Must(t, netlink.AddrAdd(agenttest.Link("v0"), address))
		}
		vip, own := netip.MustParseAddr("10.9.9.10"), netip.MustParseAddr("10.9.9.1")
		removed, err := Clean("v0", vip)
		agenttest.Must(t, err)
		again, err := Clean("v0", vip)
		agenttest.Must(t, err)
		has, err := machine.AddressesOf("v0")
		agenttest.Must(t, err)
		if !slices.Equal(removed, []string{"10.9.9.10 from v0"}) || len(again) > 0 || !slices.Equal(has, []netip.Addr{own}) {
			t.Errorf("removed %v, then %v, and v0 has %v", removed, again, has)
		}
	})
}

func TestCrashIsForHosts(t *testing.T) {
	t.Setenv(agentapi.EnvHost, "")
	var out, errs bytes.Buffer
	if code := runCrashFor(&out, &errs); code != command.ExitUsage || !strings.Contains(errs.String(), "hosts of their own") {
		t.Errorf("code %d: %s", code, errs.String())
	}
}

// runCrashFor runs `crash` where nothing may be stopped.
func runCrashFor(out, errs *bytes.Buffer) int {
	o := command.Output{Answer: out, Story: errs}
	return o.Code(Crash(o))
}
