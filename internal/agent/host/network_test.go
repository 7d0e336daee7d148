package host

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"halab/internal/agent/agenttest"
	"halab/internal/agent/command"
	"halab/internal/agent/machine"
	"halab/internal/agentapi"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// forwards says whether this namespace forwards what arrives on an interface:
// net.ipv4.conf.NAME.forwarding, of the thread that asks.
func forwards(t *testing.T, name string) bool {
	t.Helper()
	text, err := os.ReadFile("/proc/sys/net/ipv4/conf/" + name + "/forwarding")
	if err != nil {
		t.Error(err)
	}
	return strings.TrimSpace(string(text)) == "1"
}

// A node that takes the host's leg for a router reaches nothing behind it.
func TestLegForwardsNothing(t *testing.T) {
	agenttest.InFreshNetwork(t, func() {
		if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0); err != nil {
			t.Skip("the namespace's settings can't be changed:", err)
		}
		if _, err := up(t, defaultRequest()); err != nil {
			t.Error(err)
			return
		}
		if forwards(t, "t0h") || !forwards(t, "t0") {
			t.Error("the leg forwards, or nothing does")
		}
	})
}

// A helper says which network namespace it is in, and nothing is made for that.
func TestLookTellsTheNamespace(t *testing.T) {
	look := func() string {
		var said bytes.Buffer
		if err := Network([]string{"look", `{"lab":"t","parent":"t0"}`}, command.Output{Answer: &said, Story: io.Discard}); err != nil {
			t.Error(err)
		}
		var reply agentapi.NetworkReply
		if err := json.Unmarshal(said.Bytes(), &reply); err != nil || len(reply.Made)+len(reply.Found) > 0 {
			t.Errorf("%+v, %v", reply, err)
		}
		return reply.Namespace
	}
	here := look()
	if same, known := agentapi.SameNamespace(here, agentapi.NetworkNamespace()); !same || !known {
		t.Errorf("it says %q, and this is %q", here, agentapi.NetworkNamespace())
	}
	agenttest.InFreshNetwork(t, func() {
		if same, known := agentapi.SameNamespace(here, look()); same || !known {
			t.Errorf("two namespaces are one: %q", here)
		}
	})
}

func defaultRequest() agentapi.NetworkRequest {
	return agentapi.NetworkRequest{Lab: "t", Parent: "t0", Peer: "t0p", Leg: "t0h", LegIP: "192.168.99.1", Subnet: "192.168.99.0/24"}
}

func up(t *testing.T, r agentapi.NetworkRequest) (agentapi.NetworkReply, error) {
	t.Helper()
	w, err := newWiring(r)
	if err != nil {
		t.Fatal(err)
	}
	err = w.up()
	return w.reply, err
}

func down(t *testing.T, r agentapi.NetworkRequest) agentapi.NetworkReply {
	t.Helper()
	w, err := newWiring(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.down(); err != nil {
		t.Error(err)
	}
	return w.reply
}

func names(t *testing.T) []string {
	t.Helper()
	links, err := netlink.LinkList()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, l := range links {
		if l.Attrs().Name != "lo" {
			all = append(all, l.Attrs().Name)
		}
	}
	slices.Sort(all)
	return all
}

func TestNetworkUpAndDown(t *testing.T) {
	agenttest.InFreshNetwork(t, func() {
		reply, err := up(t, defaultRequest())
		if err != nil {
			t.Errorf("up: %v", err)
			return
		}
		if !slices.Equal(reply.Made, []string{"t0", "t0p", "t0h"}) || len(reply.Found) != 0 {
			t.Errorf("first: %+v", reply)
		}
		reply, err = up(t, defaultRequest())
		if err != nil || !slices.Equal(reply.Found, []string{"t0", "t0p", "t0h"}) || len(reply.Made) != 0 {
			t.Errorf("again: %+v, %v", reply, err)
		}
		leg, err := netlink.LinkByName("t0h")
		if err != nil {
			t.Errorf("no leg: %v", err)
			return
		}
		addresses, err := netlink.AddrList(leg, netlink.FAMILY_V4)
		if err != nil || len(addresses) != 1 || addresses[0].IPNet.String() != "192.168.99.1/24" || !machine.IsUp(leg.Attrs().RawFlags) {
			t.Errorf("leg %v %v, %v", leg.Attrs(), addresses, err)
		}
		reply = down(t, defaultRequest())
		if !slices.Contains(reply.Removed, "t0h") || len(names(t)) != 0 {
			t.Errorf("down: %+v, left %v", reply, names(t))
		}
		if reply = down(t, defaultRequest()); len(reply.Removed) != 0 {
			t.Errorf("down again: %+v", reply)
		}
	})
}

func TestNetworkMendsWhatIsHalfMade(t *testing.T) {
	breaks := map[string]func() error{
		"leg missing":       func() error { return netlink.LinkDel(agenttest.Link("t0h")) },
		"leg down":          func() error { return netlink.LinkSetDown(agenttest.Link("t0h")) },
		"peer down":         func() error { return netlink.LinkSetDown(agenttest.Link("t0p")) },
		"peer without mark": func() error { return netlink.LinkSetAlias(agenttest.Link("t0p"), "") },
		"another address": func() error {
			return netlink.AddrAdd(agenttest.Link("t0h"), &netlink.Addr{IPNet: &net.IPNet{IP: net.IPv4(192, 168, 99, 7), Mask: net.CIDRMask(24, 32)}})
		},
		"address missing": func() error {
			return netlink.AddrDel(agenttest.Link("t0h"), &netlink.Addr{IPNet: &net.IPNet{IP: net.IPv4(192, 168, 99, 1), Mask: net.CIDRMask(24, 32)}})
		},
		"all gone": func() error { return netlink.LinkDel(agenttest.Link("t0")) },
	}
	for name, damage := range breaks {
		t.Run(name, func(t *testing.T) {
			agenttest.InFreshNetwork(t, func() {
				if _, err := up(t, defaultRequest()); err != nil {
					t.Errorf("up: %v", err)
					return
				}
				if err := damage(); err != nil {
					t.Errorf("damage: %v", err)
					return
				}
				if _, err := up(t, defaultRequest()); err != nil {
					t.Errorf("mend: %v", err)
					return
				}
				for _, n := range []string{"t0", "t0p", "t0h"} {
					a := agenttest.Link(n).Attrs()
					if a.Alias != agentapi.InterfaceAlias("t") || !machine.IsUp(a.RawFlags) {
						t.Errorf("%s: alias %q, flags %x", n, a.Alias, a.RawFlags)
					}
				}
				if ips, err := machine.AddressesOf("t0h"); err != nil || !slices.Contains(ips, netip.MustParseAddr("192.168.99.1")) {
					t.Errorf("leg's addresses %v, %v", ips, err)
				}
			})
		})
	}
}

func TestNetworkRefuses(t *testing.T) {
	address := func(text string) func() error {
		return func() error {
			if err := agenttest.Cable("other", "otherp"); err != nil {
				return err
			}
			a, err := netlink.ParseAddr(text)
			if err != nil {
				return err
			}
			return netlink.AddrAdd(agenttest.Link("other"), a)
		}
	}
	for name, c := range map[string]struct {
		before  func() error
		problem string // "": none
	}{
		"name taken":          {func() error { return agenttest.Cable("t0", "x") }, "t0"},
		"name of leg taken":   {func() error { return agenttest.Cable("t0h", "x") }, "t0h"},
		"address in subnet":   {address("192.168.99.77/24"), "other"},
		"wider network":       {address("192.168.0.1/16"), "other"},
		"neighbouring subnet": {address("192.168.98.1/24"), ""},
		"route": {func() error {
			if err := address("10.0.0.1/24")(); err != nil {
				return err
			}
			_, dst, _ := net.ParseCIDR("192.168.99.128/25")
			return netlink.RouteAdd(&netlink.Route{LinkIndex: agenttest.Link("other").Attrs().Index, Dst: dst})
		}, "192.168.99.128/25"},
		"guard": {func() error {
			_, dst, _ := net.ParseCIDR("192.168.99.0/24")
			return netlink.RouteAdd(&netlink.Route{Type: unix.RTN_UNREACHABLE, Dst: dst, Priority: 9999})
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			agenttest.InFreshNetwork(t, func() {
				_ = netlink.LinkSetUp(agenttest.Link("lo"))
				if err := c.before(); err != nil {
					t.Errorf("before: %v", err)
					return
				}
				were := names(t)
				reply, err := up(t, defaultRequest())
				if c.problem == "" {
					if err != nil {
						t.Errorf("refused: %v", err)
					}
					return
				}
				if err == nil || !strings.Contains(err.Error(), c.problem) {
					t.Errorf("got %v, want it to name %s", err, c.problem)
				}
				if len(reply.Made) != 0 || !slices.Equal(names(t), were) {
					t.Errorf("something was made: %+v, %v", reply, names(t))
				}
			})
		})
	}
}

// TestNetworkOnSomebodyElsesParent makes and removes the leg alone.
func TestNetworkOnSomebodyElsesParent(t *testing.T) {
	agenttest.InFreshNetwork(t, func() {
		r := defaultRequest()
		r.Parent, r.Peer = "eth9", ""
		if _, err := up(t, r); err == nil || !strings.Contains(err.Error(), "eth9") {
			t.Errorf("a missing parent: %v", err)
		}
		if err := agenttest.Cable("eth9", "cable"); err != nil {
			t.Errorf("veth: %v", err)
			return
		}
		a, _ := netlink.ParseAddr("192.168.99.200/24")
		if err := netlink.AddrAdd(agenttest.Link("eth9"), a); err != nil {
			t.Errorf("address: %v", err)
			return
		}
		reply, err := up(t, r)
		if err != nil || !slices.Equal(reply.Made, []string{"t0h"}) {
			t.Errorf("up: %+v, %v", reply, err)
		}
		if alias := agenttest.Link("eth9").Attrs().Alias; alias != "" {
			t.Errorf("somebody else's parent got the alias %q", alias)
		}
		reply = down(t, r)
		if !slices.Equal(reply.Removed, []string{"t0h"}) || !slices.Equal(names(t), []string{"cable", "eth9"}) {
			t.Errorf("down: %+v, left %v", reply, names(t))
		}
	})
}

// TestDownLeavesOtherLabs surrounds a lab with look-alikes.
func TestDownLeavesOtherLabs(t *testing.T) {
	agenttest.InFreshNetwork(t, func() {
		other := agentapi.NetworkRequest{Lab: "t2", Parent: "u0", Peer: "u0p", Leg: "u0h", LegIP: "192.168.98.1", Subnet: "192.168.98.0/24"}
		if _, err := up(t, other); err != nil {
			t.Errorf("other lab: %v", err)
			return
		}
		if err := agenttest.Cable("t0x", "t0y"); err != nil {
			t.Errorf("veth: %v", err)
			return
		}
		if _, err := up(t, defaultRequest()); err != nil {
			t.Errorf("up: %v", err)
			return
		}
		down(t, defaultRequest())
		if got := names(t); !slices.Equal(got, []string{"t0x", "t0y", "u0", "u0h", "u0p"}) {
			t.Errorf("left %v", got)
		}
	})
}
