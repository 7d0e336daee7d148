package probe

import (
	"net"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/mdlayher/packet"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"halab/internal/agentapi"
)

// ownNetwork gives the calling thread a network namespace of its own with a
// pair of interfaces, which ends with the thread.
func ownNetwork(t *testing.T) (here, there *net.Interface) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a network namespace needs root")
	}
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network namespace can be made here: %v", err)
	}
	pair := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "here"}, PeerName: "there"}
	if err := netlink.LinkAdd(pair); err != nil {
		t.Fatalf("make a pair of interfaces: %v", err)
	}
	var found [2]*net.Interface
	for i, name := range []string{"here", "there"} {
		link, err := netlink.LinkByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := netlink.LinkSetUp(link); err != nil {
			t.Fatal(err)
		}
		if found[i], err = net.InterfaceByName(name); err != nil {
			t.Fatal(err)
		}
	}
	return found[0], found[1]
}

// TestWire sends frames over a pair of interfaces and looks at what the other
// end makes of them, and when. They are read only some time after they came, so
// a stamp that is right is the kernel's own.
func TestWire(t *testing.T) {
	here, there := ownNetwork(t)
	c := newClock()
	w, err := listen(c, here, []string{"192.168.99.10"}, []netip.Addr{netip.MustParseAddr("192.168.99.10")})
	if err != nil {
		t.Fatal(err)
	}
	out, err := packet.Listen(there, packet.Raw, unix.ETH_P_ALL, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	// The kernel turns its time stamps on a little after it was asked to, so the
	// first frames may have been stamped late.
	deadline := time.Now().Add(10 * time.Second)
	for sendAndRead(t, w, out, here.HardwareAddr) > stampError {
		if time.Now().After(deadline) {
			t.Fatal("no stamp is right within 10 s")
		}
	}
	if mac := w.acceptor(40000, true); mac != "02:68:c0:a8:63:0b" {
		t.Errorf("port 40000 was accepted by %q", mac)
	}
	if mac := w.acceptor(40000, true); mac != "" {
		t.Errorf("what was forgotten is still %q", mac)
	}
	w.close()
	if err := w.drain(); err == nil {
		t.Error("a wire that is closed was read")
	}
}

// sendAndRead sends every kind of frame and says by how much the worst stamp is
// outside the time in which its frame was under way.
func sendAndRead(t *testing.T, w *wire, out *packet.Conn, to net.HardwareAddr) (off int64) {
	t.Helper()
	var sent []int64
	for _, text := range []string{question, advert3, synack, advert2, garp, resigns} {
		sent = append(sent, w.clock.now())
		if _, err := out.WriteTo(frameOf(t, text), &packet.Addr{HardwareAddr: to}); err != nil {
			t.Fatal(err)
		}
	}
	after := w.clock.now()
	for w.clock.now() < after+2*stampError {
		runtime.Gosched()
	}
	var got []agentapi.WireEvent
	for deadline := time.Now().Add(10 * time.Second); len(got) < 4; {
		if err := w.drain(); err != nil || time.Now().After(deadline) {
			t.Fatalf("after %d events: %v", len(got), err)
		}
		got = append(got, w.passed()...)
	}
	if got[0].Priority != 254 || got[1].Version != 2 || got[2].Kind != "garp" || got[3].Priority != 0 {
		t.Fatalf("events %+v", got)
	}
	for i, place := range []int{1, 3, 4, 5} { // in what was sent
		off = max(off, sent[place]-got[i].At, got[i].At-after)
	}
	return off
}

// stampError is what a stamp may be off on a busy machine: two conversions of
// clocks, and the kernel's way from one end to the other.
const stampError = int64(5 * time.Millisecond)

func TestClock(t *testing.T) {
	c := newClock()
	for range 100 {
		before := readClock(unix.CLOCK_MONOTONIC)
		now := c.now()
		after := readClock(unix.CLOCK_MONOTONIC)
		if now < before-2000 || now > after+2000 {
			t.Fatalf("%d is not between %d and %d", now, before, after)
		}
	}
	wall := time.Now().UnixNano()
	now := c.now()
	if got := c.wallToMono(wall); got > now+int64(time.Millisecond) || got < now-int64(time.Second) {
		t.Errorf("the wall clock's now is %d ns off", got-now)
	}
	for _, off := range []time.Duration{time.Hour, -time.Hour} { // the wall clock was set meanwhile
		before := c.now()
		if got := c.wallToMono(wall + int64(off)); got < before || got > c.now() {
			t.Errorf("a stamp %v off became %d, now is %d", off, got, before)
		}
	}
}
