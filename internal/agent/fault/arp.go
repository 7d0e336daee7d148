package fault

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"halab/internal/agent/machine"
	"halab/internal/agentapi"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// dropARP drops the gratuitous ARPs of the VIP that a node sends: the VIP
// moves, and nobody is told. Its undo tells them.
func dropARP() applier {
	f := filterFault(agentapi.FaultDropARP, func(s Site, _ agentapi.FaultRecord) (dropping, error) {
		var d dropping
		for _, vip := range s.VIPs {
			d.out = append(d.out, announces(vip))
		}
		if len(d.out) == 0 {
			return d, errors.New("the node's environment names no VIP, so no gratuitous ARP can be told from others")
		}
		return d, nil
	})
	unfilter := f.undo
	f.undo = func(s Site, r agentapi.FaultRecord) error {
		err := unfilter(s, r)
		if err == nil {
			_ = announceHeld(s) // the fault is gone; whoever heard nothing hears keepalived's next one
		}
		return err
	}
	return f
}

// announceHeld sends a gratuitous ARP for each VIP that the node has now:
// neighbours that were told nothing would go on asking the old holder until
// their entry ages.
func announceHeld(s Site) error {
	link, err := netlink.LinkByName(s.Iface)
	if err != nil {
		return fmt.Errorf("interface %s: %w", s.Iface, err)
	}
	held, err := machine.Addresses4(link)
	if err != nil {
		return fmt.Errorf("addresses of %s: %w", s.Iface, err)
	}
	var failed []error
	for _, vip := range s.VIPs {
		for _, a := range held {
			if a.IP.Equal(vip.AsSlice()) {
				failed = append(failed, announce(link, vip))
			}
		}
	}
	return errors.Join(failed...)
}

// announce sends one gratuitous ARP. An interface that is down sends nothing,
// which is no failure: who comes back announces itself.
func announce(link netlink.Link, vip netip.Addr) error {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("announce %s: %w", vip, err)
	}
	defer unix.Close(fd)
	mac := link.Attrs().HardwareAddr
	everybody := [8]byte{255, 255, 255, 255, 255, 255}
	err = unix.Sendto(fd, gratuitous(mac, vip), 0, &unix.SockaddrLinklayer{Ifindex: link.Attrs().Index, Halen: addressLen, Addr: everybody})
	if err != nil && !errors.Is(err, unix.ENETDOWN) && !errors.Is(err, unix.ENXIO) {
		return fmt.Errorf("announce %s: %w", vip, err)
	}
	return nil
}

// gratuitous is the frame of an ARP request whose sender and target address are
// the same (RFC 826; RFC 5227, section 3).
func gratuitous(mac net.HardwareAddr, vip netip.Addr) []byte {
	frame := []byte{255, 255, 255, 255, 255, 255}
	frame = append(frame, mac...)
	frame = append(frame, 8, 6) // EtherType ARP
	// Ethernet, IPv4, their lengths, request
	frame = append(frame, 0, 1, 8, 0, addressLen, 4, 0, 1)
	frame = append(append(frame, mac...), vip.AsSlice()...)
	return append(append(frame, 0, 0, 0, 0, 0, 0), vip.AsSlice()...)
}
