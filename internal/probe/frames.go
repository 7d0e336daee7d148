package probe

import (
	"encoding/binary"
	"net"
	"net/netip"

	"halab/internal/agentapi"
)

// Numbers of the frames that are read.
const (
	etherIPv4   = 0x0800
	etherARP    = 0x0806
	protoTCP    = 6
	protoVRRP   = 112 // RFC 5798, section 5.1.1.4
	vrrpAdvert  = 1   // RFC 5798, section 5.2.2: the only type
	tcpSYNACK   = 0x12
	arpEthernet = 1
)

// frame is what the decoder made of an Ethernet frame: a wire event, or who
// accepted a TCP connection of ours.
type frame struct {
	event    agentapi.WireEvent // Kind is "" where it is none
	accepted bool
	port     uint16 // ours
	from     netip.Addr
	mac      [6]byte // Ethernet source
}

// decodeFrame reads an Ethernet frame. ok is false for everything that is not a
// VRRP advertisement, an ARP announcement or a SYN-ACK, or that is cut short or
// malformed. It never panics.
func decodeFrame(b []byte) (f frame, ok bool) {
	if len(b) < 14 {
		return frame{}, false
	}
	copy(f.mac[:], b[6:12])
	switch binary.BigEndian.Uint16(b[12:]) {
	case etherARP:
		f.event, ok = decodeARP(b[14:])
	case etherIPv4:
		ok = decodeIPv4(b[14:], &f)
	}
	f.event.MAC = net.HardwareAddr(f.mac[:]).String()
	return f, ok
}

func decodeIPv4(b []byte, f *frame) bool {
	if len(b) < 20 || b[0]>>4 != 4 {
		return false
	}
	header, total := int(b[0]&0x0f)*4, int(binary.BigEndian.Uint16(b[2:]))
	if header < 20 || total < header || len(b) < total {
		return false
	}
	if binary.BigEndian.Uint16(b[6:])&0x1fff != 0 { // a later fragment
		return false
	}
	source := netip.AddrFrom4([4]byte(b[12:16]))
	payload := b[header:total]
	switch b[9] {
	case protoVRRP:
		event, ok := decodeVRRP(payload)
		event.Source = source.String()
		f.event = event
		return ok
	case protoTCP:
		if len(payload) < 20 || payload[13]&tcpSYNACK != tcpSYNACK {
			return false
		}
		f.accepted, f.from, f.port = true, source, binary.BigEndian.Uint16(payload[2:])
		return true
	}
	return false
}

// decodeVRRP reads a VRRP advertisement, version 2 (RFC 3768, section 5.1) or 3
// (RFC 5798, section 5.1). Its checksum is not looked at: an advertisement that
// the nodes throw away was still sent.
func decodeVRRP(b []byte) (agentapi.WireEvent, bool) {
	if len(b) < 8 || b[0]&0x0f != vrrpAdvert {
		return agentapi.WireEvent{}, false
	}
	e := agentapi.WireEvent{
		Kind: "advert", Version: int(b[0] >> 4), RouterID: int(b[1]), Priority: int(b[2]),
	}
	switch e.Version {
	case 2:
		e.Interval = int(b[5]) * 100 // whole seconds
	case 3:
		e.Interval = int(binary.BigEndian.Uint16(b[4:]) & 0x0fff)
	default:
		return agentapi.WireEvent{}, false
	}
	return e, true
}

// decodeARP reads a gratuitous ARP: sender and target address are the same (RFC
// 5227, section 3, says "announcement"; keepalived sends them as requests and
// as replies).
func decodeARP(b []byte) (agentapi.WireEvent, bool) {
	if len(b) < 28 ||
		binary.BigEndian.Uint16(b) != arpEthernet || binary.BigEndian.Uint16(b[2:]) != etherIPv4 ||
		b[4] != 6 || b[5] != 4 {
		return agentapi.WireEvent{}, false
	}
	sender, target := netip.AddrFrom4([4]byte(b[14:18])), netip.AddrFrom4([4]byte(b[24:28]))
	if sender != target || sender.IsUnspecified() {
		return agentapi.WireEvent{}, false
	}
	return agentapi.WireEvent{
		Kind: "garp", Source: net.HardwareAddr(b[8:14]).String(), VIP: sender.String(),
	}, true
}
