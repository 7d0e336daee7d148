package probe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"

	"github.com/mdlayher/packet"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"halab/internal/agentapi"
)

// wire listens on the observer's interface. It is for one goroutine at a time.
//
// Each frame carries the kernel's own receive time (SO_TIMESTAMPNS, taken
// before any process is woken), which is wall clock and is converted when the
// frame is read; see clock.wallToMono. Its error is below some microseconds,
// however late this process comes to read it.
type wire struct {
	clock   clock
	conn    *packet.Conn
	raw     rawReader
	vips    []string
	targets []netip.Addr

	// accepted holds, for each local port, the Ethernet source of the latest
	// SYN-ACK to it, by which a sample says who took its connection.
	accepted [1 << 16]uint64

	frame   [2048]byte
	control [256]byte
	events  []agentapi.WireEvent
}

// wireBuffer is how many bytes of frames may wait to be read.
const wireBuffer = 4 << 20

type rawReader interface {
	Read(fn func(fd uintptr) (done bool)) error
	Control(fn func(fd uintptr)) error
}

// listen opens the wire. It needs CAP_NET_RAW.
func listen(c clock, ifi *net.Interface, vips []string, targets []netip.Addr) (*wire, error) {
	filter, err := bpf.Assemble(wireFilter())
	if err != nil {
		return nil, fmt.Errorf("assemble the packet filter: %w", err)
	}
	conn, err := packet.Listen(ifi, packet.Raw, unix.ETH_P_ALL, &packet.Config{Filter: filter})
	if err != nil {
		if errors.Is(err, os.ErrPermission) {
			return nil, fmt.Errorf("listen on %s: %w: the client container needs CAP_NET_RAW", ifi.Name, err)
		}
		return nil, fmt.Errorf("listen on %s: %w", ifi.Name, err)
	}
	w := &wire{clock: c, conn: conn, vips: vips, targets: targets}
	raw, err := conn.SyscallConn()
	if err == nil {
		w.raw = raw
		var opt error
		err = raw.Control(func(fd uintptr) {
			opt = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
			// As much as the system allows; what does not fit is lost and told.
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, wireBuffer)
		})
		err = errors.Join(err, opt)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("ask for the kernel's time stamps on %s: %w", ifi.Name, err)
	}
	// A macvlan interface passes up the groups that somebody on it has joined,
	// and nobody else in the client listens to VRRP.
	if err := conn.JoinGroup(vrrpGroup()); err != nil {
		conn.Close()
		return nil, fmt.Errorf("join VRRP's multicast group on %s: %w", ifi.Name, err)
	}
	return w, nil
}

// vrrpGroup is the Ethernet address of 224.0.0.18 (RFC 5798, 5.1.1.2, by the
// rule of RFC 1112, 6.4).
func vrrpGroup() net.HardwareAddr { return net.HardwareAddr{0x01, 0x00, 0x5e, 0x00, 0x00, 0x12} }

// wireFilter lets ARP, VRRP and TCP segments with SYN and ACK pass; everything
// else never wakes this process.
func wireFilter() []bpf.Instruction {
	return []bpf.Instruction{
		bpf.LoadAbsolute{Off: 12, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: etherARP, SkipTrue: 9},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: etherIPv4, SkipTrue: 9},
		bpf.LoadAbsolute{Off: 23, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: protoVRRP, SkipTrue: 6},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: protoTCP, SkipTrue: 6},
		bpf.LoadMemShift{Off: 14},
		bpf.LoadIndirect{Off: 14 + 13, Size: 1},
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: tcpSYNACK},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: tcpSYNACK, SkipTrue: 1},
		bpf.RetConstant{Val: 0},
		bpf.RetConstant{Val: 1 << 16},
		bpf.RetConstant{Val: 0},
	}
}

// drain reads the frames that have come. It never waits: the stamps are the
// kernel's, so reading a few times a second is enough, while a wake-up for each
// frame would cost as much as the probing itself.
func (w *wire) drain() error {
	for {
		var n, oobn int
		var from unix.Sockaddr
		var err error
		readErr := w.raw.Read(func(fd uintptr) bool {
			n, oobn, _, from, err = unix.Recvmsg(int(fd), w.frame[:], w.control[:], unix.MSG_DONTWAIT)
			return true
		})
		switch {
		case readErr != nil:
			return fmt.Errorf("read the wire: %w", readErr)
		case err == unix.EAGAIN:
			return nil
		case err == unix.EINTR, err == unix.ENETDOWN:
			continue // the interface went down; it may come back
		case err != nil:
			return fmt.Errorf("read the wire: %w", err)
		}
		if ll, ok := from.(*unix.SockaddrLinklayer); !ok || ll.Pkttype != unix.PACKET_OUTGOING {
			w.take(w.frame[:n], w.control[:oobn])
		}
	}
}

func (w *wire) take(b, oob []byte) {
	f, ok := decodeFrame(b)
	if !ok {
		return
	}
	if f.accepted {
		if slices.Contains(w.targets, f.from) {
			w.accepted[f.port] = packMAC(f.mac)
		}
		return
	}
	if f.event.Kind == "garp" && !slices.Contains(w.vips, f.event.VIP) {
		return
	}
	if wall, ok := receiveTime(oob); ok {
		f.event.At = w.clock.wallToMono(wall)
	} else {
		f.event.At = w.clock.now()
	}
	w.events = append(w.events, f.event)
}

// passed hands over what was read since the last call.
func (w *wire) passed() []agentapi.WireEvent {
	events := w.events
	w.events = nil
	return events
}

// acceptor is the MAC address that took the connection from a local port.
func (w *wire) acceptor(port uint16, forget bool) string {
	v := w.accepted[port]
	if forget {
		w.accepted[port] = 0
	}
	if v == 0 {
		return ""
	}
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v)
	return net.HardwareAddr(b[2:]).String()
}

func packMAC(mac [6]byte) uint64 {
	var b [8]byte
	copy(b[2:], mac[:])
	return binary.BigEndian.Uint64(b[:])
}

// lost is how many frames the kernel threw away because they were not read in
// time, since the last call.
func (w *wire) lost() int {
	stats, err := w.conn.Stats()
	if err != nil {
		return 0
	}
	return int(stats.Drops)
}

func (w *wire) close() { w.conn.Close() }

// receiveTime finds the kernel's receive time among the control messages.
func receiveTime(oob []byte) (wall int64, ok bool) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return 0, false
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_TIMESTAMPNS && len(m.Data) >= 16 {
			seconds := int64(binary.NativeEndian.Uint64(m.Data))
			return seconds*1e9 + int64(binary.NativeEndian.Uint64(m.Data[8:])), true
		}
	}
	return 0, false
}
