package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

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
	inFreshNetwork(t, func() {
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
		if err := runNetwork([]string{"look", `{"lab":"t","parent":"t0"}`}, output{&said, io.Discard}); err != nil {
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
	inFreshNetwork(t, func() {
		if same, known := agentapi.SameNamespace(here, look()); same || !known {
			t.Errorf("two namespaces are one: %q", here)
		}
	})
}

// inFreshNetwork runs f in a network namespace of its own. The thread that has
// it is never given back, so it ends with the goroutine.
func inFreshNetwork(t *testing.T, f func()) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root for a network namespace")
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err != nil {
			done <- err
			return
		}
		defer close(done) // also when f ends the test
		f()
	}()
	if err := <-done; err != nil {
		t.Skip("no network namespace:", err)
	}
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
	inFreshNetwork(t, func() {
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
		if err != nil || len(addresses) != 1 || addresses[0].IPNet.String() != "192.168.99.1/24" || !isUp(leg.Attrs().RawFlags) {
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
		"leg missing":       func() error { return netlink.LinkDel(named("t0h")) },
		"leg down":          func() error { return netlink.LinkSetDown(named("t0h")) },
		"peer down":         func() error { return netlink.LinkSetDown(named("t0p")) },
		"peer without mark": func() error { return netlink.LinkSetAlias(named("t0p"), "") },
		"another address": func() error {
			return netlink.AddrAdd(named("t0h"), &netlink.Addr{IPNet: &net.IPNet{IP: net.IPv4(192, 168, 99, 7), Mask: net.CIDRMask(24, 32)}})
		},
		"address missing": func() error {
			return netlink.AddrDel(named("t0h"), &netlink.Addr{IPNet: &net.IPNet{IP: net.IPv4(192, 168, 99, 1), Mask: net.CIDRMask(24, 32)}})
		},
		"all gone": func() error { return netlink.LinkDel(named("t0")) },
	}
	for name, damage := range breaks {
		t.Run(name, func(t *testing.T) {
			inFreshNetwork(t, func() {
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
					a := named(n).Attrs()
					if a.Alias != agentapi.InterfaceAlias("t") || !isUp(a.RawFlags) {
						t.Errorf("%s: alias %q, flags %x", n, a.Alias, a.RawFlags)
					}
				}
				if ips, err := addressesOfLink("t0h"); err != nil || !slices.Contains(ips, netip.MustParseAddr("192.168.99.1")) {
					t.Errorf("leg's addresses %v, %v", ips, err)
				}
			})
		})
	}
}

func named(name string) netlink.Link {
	l, err := netlink.LinkByName(name)
	if err != nil {
		a := netlink.NewLinkAttrs()
		a.Name = name
		return &netlink.Dummy{LinkAttrs: a}
	}
	return l
}

func addressesOfLink(name string) ([]netip.Addr, error) {
	all, err := netlink.AddrList(named(name), netlink.FAMILY_V4)
	var ips []netip.Addr
	for _, a := range all {
		ip, _ := netip.AddrFromSlice(a.IP.To4())
		ips = append(ips, ip)
	}
	return ips, err
}

// veth makes a pair that is somebody else's.
func veth(name, peer string) error {
	a := netlink.NewLinkAttrs()
	a.Name = name
	if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: a, PeerName: peer}); err != nil {
		return err
	}
	for _, n := range []string{name, peer} {
		if err := netlink.LinkSetUp(named(n)); err != nil {
			return err
		}
	}
	return nil
}

func TestNetworkRefuses(t *testing.T) {
	address := func(text string) func() error {
		return func() error {
			if err := veth("other", "otherp"); err != nil {
				return err
			}
			a, err := netlink.ParseAddr(text)
			if err != nil {
				return err
			}
			return netlink.AddrAdd(named("other"), a)
		}
	}
	for name, c := range map[string]struct {
		before  func() error
		problem string // "": none
	}{
		"name taken":          {func() error { return veth("t0", "x") }, "t0"},
		"name of leg taken":   {func() error { return veth("t0h", "x") }, "t0h"},
		"address in subnet":   {address("192.168.99.77/24"), "other"},
		"wider network":       {address("192.168.0.1/16"), "other"},
		"neighbouring subnet": {address("192.168.98.1/24"), ""},
		"route": {func() error {
			if err := address("10.0.0.1/24")(); err != nil {
				return err
			}
			_, dst, _ := net.ParseCIDR("192.168.99.128/25")
			return netlink.RouteAdd(&netlink.Route{LinkIndex: named("other").Attrs().Index, Dst: dst})
		}, "192.168.99.128/25"},
		"guard": {func() error {
			_, dst, _ := net.ParseCIDR("192.168.99.0/24")
			return netlink.RouteAdd(&netlink.Route{Type: unix.RTN_UNREACHABLE, Dst: dst, Priority: 9999})
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			inFreshNetwork(t, func() {
				_ = netlink.LinkSetUp(named("lo"))
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
	inFreshNetwork(t, func() {
		r := defaultRequest()
		r.Parent, r.Peer = "eth9", ""
		if _, err := up(t, r); err == nil || !strings.Contains(err.Error(), "eth9") {
			t.Errorf("a missing parent: %v", err)
		}
		if err := veth("eth9", "cable"); err != nil {
			t.Errorf("veth: %v", err)
			return
		}
		a, _ := netlink.ParseAddr("192.168.99.200/24")
		if err := netlink.AddrAdd(named("eth9"), a); err != nil {
			t.Errorf("address: %v", err)
			return
		}
		reply, err := up(t, r)
		if err != nil || !slices.Equal(reply.Made, []string{"t0h"}) {
			t.Errorf("up: %+v, %v", reply, err)
		}
		if alias := named("eth9").Attrs().Alias; alias != "" {
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
	inFreshNetwork(t, func() {
		other := agentapi.NetworkRequest{Lab: "t2", Parent: "u0", Peer: "u0p", Leg: "u0h", LegIP: "192.168.98.1", Subnet: "192.168.98.0/24"}
		if _, err := up(t, other); err != nil {
			t.Errorf("other lab: %v", err)
			return
		}
		if err := veth("t0x", "t0y"); err != nil {
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

// TestNetWatch follows addresses and link of a real interface.
func TestNetWatch(t *testing.T) {
	inFreshNetwork(t, func() {
		if err := veth("eth0", "cable"); err != nil {
			t.Errorf("veth: %v", err)
			return
		}
		a, _ := netlink.ParseAddr("192.168.99.11/24")
		vip, _ := netlink.ParseAddr("192.168.99.10/24")
		if err := netlink.AddrAdd(named("eth0"), a); err != nil {
			t.Errorf("address: %v", err)
			return
		}
		happened := make(chan string, 100)
		steps := []func() error{
			func() error { return netlink.AddrAdd(named("eth0"), vip) },
			func() error { return netlink.AddrDel(named("eth0"), vip) },
			func() error { return netlink.LinkSetDown(named("cable")) },
			func() error { return netlink.LinkSetUp(named("cable")) },
			func() error { return netlink.LinkDel(named("eth0")) },
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

// TestStaleVIPIsRemoved is what keepalived's start does.
func TestStaleVIPIsRemoved(t *testing.T) {
	inFreshNetwork(t, func() {
		if err := veth("eth0", "cable"); err != nil {
			t.Errorf("veth: %v", err)
			return
		}
		for _, text := range []string{"192.168.99.11/24", "192.168.99.10/24"} {
			a, _ := netlink.ParseAddr(text)
			if err := netlink.AddrAdd(named("eth0"), a); err != nil {
				t.Errorf("address: %v", err)
			}
		}
		vip := netip.MustParseAddr("192.168.99.10")
		for range 2 {
			if err := removeAddress("eth0", vip); err != nil {
				t.Error(err)
			}
		}
		if got, err := addressesOfLink("eth0"); err != nil || len(got) != 1 || got[0].String() != "192.168.99.11" {
			t.Errorf("left %v, %v", got, err)
		}
	})
}
