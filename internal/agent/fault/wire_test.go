package fault

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"halab/internal/agent/agenttest"
	"halab/internal/agent/command"
	"halab/internal/agentapi"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// space is a network namespace with one end of a cable: eth0.
type space struct {
	do  chan func()
	mac net.HardwareAddr
	ip  netip.Addr
}

// in runs f inside the namespace.
func (s *space) in(f func()) {
	done := make(chan struct{})
	s.do <- func() { defer close(done); f() }
	<-done
}

func newSpace(t *testing.T, ip string) *space {
	t.Helper()
	s := &space{do: make(chan func()), ip: netip.MustParseAddr(ip)}
	ready := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread and its namespace go with the goroutine
		ready <- unix.Unshare(unix.CLONE_NEWNET)
		for f := range s.do {
			f()
		}
	}()
	if err := <-ready; err != nil {
		t.Skipf("a network namespace of its own takes root: %v", err)
	}
	t.Cleanup(func() { close(s.do) })
	return s
}

// twoSpaces makes two namespaces with a cable between them.
func twoSpaces(t *testing.T) (a, b *space, site Site) {
	t.Helper()
	a, b = newSpace(t, "10.9.9.1"), newSpace(t, "10.9.9.2")
	var other int
	b.in(func() { other, _ = unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0) })
	defer unix.Close(other)
	a.in(func() {
		agenttest.Must(t, netlink.LinkAdd(&netlink.Veth{
			LinkAttrs: netlink.LinkAttrs{Name: "eth0"}, PeerName: "eth0", PeerNamespace: netlink.NsFd(other)}))
	})
	for _, s := range []*space{a, b} {
		s.in(func() {
			link, err := netlink.LinkByName("eth0")
			agenttest.Must(t, err)
			s.mac = link.Attrs().HardwareAddr
			agenttest.Must(t, netlink.AddrAdd(link, &netlink.Addr{IPNet: &net.IPNet{IP: s.ip.AsSlice(), Mask: net.CIDRMask(24, 32)}}))
			agenttest.Must(t, netlink.LinkSetUp(link))
		})
	}
	agenttest.Await(t, "the cable", func() bool { return b.gets(a, udp) })
	return a, b, Site{Iface: "eth0", run: t.TempDir(), VIPs: []netip.Addr{netip.MustParseAddr("10.9.9.10")}}
}

// traffic is one kind of packet.
type traffic int

const (
	udp traffic = iota
	vrrpAdvert
	garp
)

// socket opens a socket that takes that traffic.
func (k traffic) socket() (int, error) {
	switch k {
	case udp:
		return unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	case vrrpAdvert:
		return unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, protocolVRRP)
	}
	return unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, int(unix.ETH_P_ARP>>8|unix.ETH_P_ARP&0xff<<8))
}

// gets says whether a packet that from sends comes in at s.
func (s *space) gets(from *space, k traffic) bool { return s.count(from, k, 1) == 1 }

// count sends n packets and says how many came.
func (s *space) count(from *space, k traffic, n int) (came int) {
	var fd int
	var err error
	s.in(func() {
		if fd, err = k.socket(); err == nil && k == udp {
			err = unix.Bind(fd, &unix.SockaddrInet4{Port: 4711})
		}
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20)
	})
	if err != nil {
		return -1
	}
	defer unix.Close(fd)
	from.in(func() {
		for range n {
			from.send(s, k)
		}
	})
	buffer := make([]byte, 2048)
	wait := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for came < n {
		if ready, err := unix.Poll(wait, 80); err != nil && !errors.Is(err, unix.EINTR) || ready == 0 {
			return came
		}
		got, _, err := unix.Recvfrom(fd, buffer, unix.MSG_DONTWAIT)
		if err == nil && (k != garp || got >= 42 && netip.AddrFrom4([4]byte(buffer[28:32])) == netip.AddrFrom4([4]byte(buffer[38:42]))) {
			came++
		}
	}
	return came
}

// send sends one packet; that nobody is there to take it is no error here.
func (s *space) send(to *space, k traffic) {
	fd, err := k.socket()
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if k != garp {
		_ = unix.Sendto(fd, make([]byte, 64), 0, &unix.SockaddrInet4{Port: 4711, Addr: to.ip.As4()})
		return
	}
	link, err := netlink.LinkByName("eth0")
	if err != nil {
		return
	}
	vip := []byte{10, 9, 9, 10}
	frame := append([]byte{255, 255, 255, 255, 255, 255}, s.mac...)
	frame = append(frame, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1)
	frame = append(append(frame, s.mac...), vip...)
	frame = append(append(frame, 0, 0, 0, 0, 0, 0), vip...)
	_ = unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: link.Attrs().Index, Halen: 6, Addr: [8]byte{255, 255, 255, 255, 255, 255}})
}

// breaks applies a fault in a namespace and returns its undo.
func breaks(t *testing.T, s *space, site Site, r agentapi.FaultRequest) (undo func()) {
	t.Helper()
	if r.ID == "" {
		r.ID = "test"
	}
	s.in(func() {
		if _, err := applyFault(site, r, func() error { return nil }); err != nil {
			t.Errorf("apply %s: %v", r.Fault, err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	return func() {
		t.Helper()
		s.in(func() {
			for range 2 { // a second undo is as good as the first
				if _, err := site.Undo("all"); err != nil {
					t.Errorf("undo %s: %v", r.Fault, err)
				}
			}
		})
		if left, _ := filepath.Glob(filepath.Join(site.store().dir, "*")); len(left) > 0 {
			t.Errorf("the undo leaves %v", left)
		}
	}
}

func TestMain(m *testing.M) {
	if len(os.Args) > 4 && os.Args[1] == "agent" && os.Args[2] == agentapi.CommandFault {
		out := command.Output{Answer: os.Stdout, Story: os.Stderr}
		os.Exit(out.Code(Run(context.Background(), os.Args[3:], os.Stdin, out)))
	}
	os.Exit(m.Run())
}
