package agent

import (
	"context"
	"halab/internal/agent/agenttest"
	"net/netip"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
)

// TestNetWatch follows addresses and link of a real interface.
func TestNetWatch(t *testing.T) {
	agenttest.InFreshNetwork(t, func() {
		if err := agenttest.Cable("eth0", "cable"); err != nil {
			t.Errorf("veth: %v", err)
			return
		}
		a, _ := netlink.ParseAddr("192.168.99.11/24")
		vip, _ := netlink.ParseAddr("192.168.99.10/24")
		if err := netlink.AddrAdd(agenttest.Link("eth0"), a); err != nil {
			t.Errorf("address: %v", err)
			return
		}
		happened := make(chan string, 100)
		steps := []func() error{
			func() error { return netlink.AddrAdd(agenttest.Link("eth0"), vip) },
			func() error { return netlink.AddrDel(agenttest.Link("eth0"), vip) },
			func() error { return netlink.LinkSetDown(agenttest.Link("cable")) },
			func() error { return netlink.LinkSetUp(agenttest.Link("cable")) },
			func() error { return netlink.LinkDel(agenttest.Link("eth0")) },
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		// The watch reads in this thread, which has the namespace; the steps are
		// taken between its reports.
		next := func() {
			if len(steps) == 0 {
				return
			}
			step := steps[0]
			steps = steps[1:]
			if err := step(); err != nil {
				happened <- err.Error()
				cancel()
			}
		}
		w := netWatch{name: "eth0", begun: next,
			address: func(ip netip.Addr, there bool, _ moment) {
				if ip.IsLinkLocalUnicast() {
					return // the kernel's own, of IPv6
				}
				happened <- map[bool]string{true: "+", false: "-"}[there] + ip.String()
				if ip.String() == "192.168.99.10" {
					next()
				}
				if !there && ip.String() == "192.168.99.11" {
					cancel()
				}
			},
			link: func(up bool, _ moment) {
				happened <- map[bool]string{true: "up", false: "down"}[up]
				if len(steps) <= 2 {
					next()
				}
			},
		}
		if err := w.run(ctx); err != nil {
			t.Error(err)
		}
		close(happened)
		var got []string
		for h := range happened {
			got = append(got, h)
		}
		want := "up +192.168.99.11 +192.168.99.10 -192.168.99.10 down up"
		if all := strings.Join(got, " "); !strings.HasPrefix(all, want) || !strings.Contains(all, "-192.168.99.11") {
			t.Errorf("happened %q, want %q and the end", all, want)
		}
	})
}
