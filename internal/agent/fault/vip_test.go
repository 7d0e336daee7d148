package fault

import (
	"net"
	"slices"
	"testing"
	"time"

	"halab/internal/agent/agenttest"
	"halab/internal/agentapi"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// vipsOf says which addresses beyond its own the interface has.
func vipsOf(t *testing.T, s *space) (list []string) {
	t.Helper()
	s.in(func() {
		link, err := netlink.LinkByName("eth0")
		agenttest.Must(t, err)
		all, err := netlink.AddrList(link, netlink.FAMILY_V4)
		agenttest.Must(t, err)
		for _, a := range all {
			if !a.IP.Equal(s.ip.AsSlice()) {
				list = append(list, a.IPNet.String())
			}
		}
	})
	return list
}

func takeVIP(t *testing.T, s *space) {
	t.Helper()
	s.in(func() {
		link, err := netlink.LinkByName("eth0")
		agenttest.Must(t, err)
		agenttest.Must(t, netlink.AddrAdd(link, &netlink.Addr{IPNet: &net.IPNet{IP: net.IPv4(10, 9, 9, 10), Mask: net.CIDRMask(24, 32)}}))
	})
}

// advertise sends adverts for the VIP to the other side until the test ends; priority 0
// is a farewell. The socket stays in its namespace while an undo has the thread that
// is there.
func advertise(t *testing.T, from, to *space, priority byte) {
	t.Helper()
	var fd int
	var err error
	from.in(func() { fd, err = vrrpAdvert.socket() })
	agenttest.Must(t, err)
	stop, stopped := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() {
		close(stop)
		<-stopped
		_ = unix.Close(fd)
	})
	// version 3, type 1, router 51, priority, one address, 10 ms, no checksum
	advert := []byte{0x31, 51, priority, 1, 0, 1, 0, 0, 10, 9, 9, 10}
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				_ = unix.Sendto(fd, advert, 0, &unix.SockaddrInet4{Addr: to.ip.As4()})
			}
		}
	}()
}

// The address is gone, and comes back as it was where the node still says that it is
// master.
func TestVIPStolen(t *testing.T) {
	a, b, site := twoSpaces(t)
	takeVIP(t, a)
	undo := breaks(t, a, site, agentapi.FaultRequest{Fault: agentapi.FaultVIPStolen})
	if left := vipsOf(t, a); len(left) > 0 {
		t.Errorf("the interface still has %v", left)
	}
	advertise(t, a, b, 100)
	undo()
	if back := vipsOf(t, a); !slices.Equal(back, []string{"10.9.9.10/24"}) {
		t.Errorf("after the undo it has %v", back)
	}
}

// A node that is no master any more gets nothing back: there would be two holders.
func TestVIPStolenFromOneThatResigned(t *testing.T) {
	a, b, site := twoSpaces(t)
	takeVIP(t, a)
	undo := breaks(t, a, site, agentapi.FaultRequest{Fault: agentapi.FaultVIPStolen})
	advertise(t, a, b, 0)
	advertise(t, b, a, 100) // the master is the other one
	begun := time.Now()
	undo()
	if took := time.Since(begun); took > claimPatience/2 {
		t.Errorf("the other node's adverts say who is master, and the undo looked for %s", took)
	}
	if back := vipsOf(t, a); len(back) > 0 {
		t.Errorf("after the undo it has %v", back)
	}
}

// What keepalived has put back itself stays as it is, and a node without the VIP has
// none to lose.
func TestVIPStolenAndPutBack(t *testing.T) {
	a, b, site := twoSpaces(t)
	takeVIP(t, a)
	undo := breaks(t, a, site, agentapi.FaultRequest{Fault: agentapi.FaultVIPStolen})
	takeVIP(t, a)
	undo()
	if has := vipsOf(t, a); len(has) != 1 {
		t.Errorf("after the undo it has %v", has)
	}
	b.in(func() {
		if _, err := applyFault(site, agentapi.FaultRequest{ID: "b", Fault: agentapi.FaultVIPStolen}, func() error { return nil }); err == nil {
			t.Error("a VIP was taken from a node that has none")
		}
	})
}
