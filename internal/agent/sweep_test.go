package agent

import (
	"bytes"
	"encoding/json"
	"net"
	"slices"
	"strings"
	"testing"

	"halab/internal/agentapi"

	"github.com/vishvananda/netlink"
)

// What a lab left on a host's network is found and removed without any record,
// and what is the host's own stays.
func TestSweep(t *testing.T) {
	t.Setenv(agentapi.EnvHost, "1")
	a, b, site := twoSpaces(t)
	a.in(func() {
		link, err := netlink.LinkByName("eth0")
		must(t, err)
		must(t, netlink.AddrAdd(link, &netlink.Addr{IPNet: &net.IPNet{IP: site.vips[0].AsSlice(), Mask: net.CIDRMask(24, 32)}}))
	})
	breaks(t, a, site, agentapi.FaultRequest{ID: "loss-1", Fault: agentapi.FaultLoss, Percent: 100, Direction: agentapi.DirectionBoth})
	breaks(t, a, site, agentapi.FaultRequest{ID: "rate-1", Fault: agentapi.FaultRate, Rate: 1_000_000})
	breaks(t, a, site, agentapi.FaultRequest{ID: "link-1", Fault: agentapi.FaultLinkDown})
	must(t, site.store().forget("link-1")) // as after the end of all containers
	var removed, again []string
	var has []net.Addr
	var err error
	a.in(func() {
		if removed, err = sweep("eth0", site.vips...); err == nil {
			again, err = sweep("eth0", site.vips...)
		}
		if i, ierr := net.InterfaceByName("eth0"); ierr == nil {
			has, _ = i.Addrs()
		}
	})
	must(t, err)
	for _, want := range []string{"10.9.9.10 from eth0", "halab-loss-1", "queueing discipline", "link down"} {
		if !strings.Contains(strings.Join(removed, ", "), want) {
			t.Errorf("%q is not among what was removed: %v", want, removed)
		}
	}
	if len(again) > 0 {
		t.Errorf("a second time there should be nothing: %v", again)
	}
	own := func(a net.Addr) bool { return strings.HasPrefix(a.String(), "10.9.9.1/") }
	if !slices.ContainsFunc(has, own) || slices.ContainsFunc(has, func(a net.Addr) bool { return strings.HasPrefix(a.String(), "10.9.9.10/") }) {
		t.Errorf("the interface has %v", has)
	}
	await(t, "the way between them", func() bool { return b.gets(a, udp) && a.gets(b, udp) })
}

// A link that an admin switched off stays off, and an alias of the host's own
// stays what it is.
func TestSweepLeavesTheHostsOwn(t *testing.T) {
	t.Setenv(agentapi.EnvHost, "1")
	a, _, _ := twoSpaces(t)
	var removed []string
	var link netlink.Link
	var err error
	a.in(func() {
		link, err = netlink.LinkByName("eth0")
		must(t, err)
		must(t, netlink.LinkSetAlias(link, "to the lab"))
		must(t, netlink.LinkSetDown(link))
		removed, err = sweep("eth0")
		must(t, err)
		link, err = netlink.LinkByName("eth0")
		must(t, err)
	})
	if len(removed) > 0 || link.Attrs().Flags&net.FlagUp != 0 || link.Attrs().Alias != "to the lab" {
		t.Errorf("removed %v, flags %v, alias %q", removed, link.Attrs().Flags, link.Attrs().Alias)
	}
}

func TestCrashIsForHosts(t *testing.T) {
	t.Setenv(agentapi.EnvHost, "")
	var out, errs bytes.Buffer
	if code := runCrashFor(&out, &errs); code != exitUsage || !strings.Contains(errs.String(), "hosts of their own") {
		t.Errorf("code %d: %s", code, errs.String())
	}
}

// runCrashFor runs `crash` where nothing may be stopped.
func runCrashFor(out, errs *bytes.Buffer) int {
	o := output{out, errs}
	return o.code(runCrash(o))
}

func TestClockAnswersEachLine(t *testing.T) {
	var out bytes.Buffer
	before := monotonic()
	must(t, runClock(strings.NewReader("\n\n"), output{answer: &out}))
	var last int64
	replies := strings.Split(strings.TrimSpace(out.String()), "\n")
	for _, line := range replies {
		var r agentapi.ClockReply
		must(t, json.Unmarshal([]byte(line), &r))
		if r.Mono < max(before, last) || r.Boot == "" {
			t.Errorf("%+v after %d", r, last)
		}
		last = r.Mono
	}
	if len(replies) != 2 {
		t.Errorf("%d answers to 2 lines", len(replies))
	}
}
