package fault

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"halab/internal/agent/machine"
	"halab/internal/agentapi"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// claimPatience is how long the undo waits for an advert of this node's own
// keepalived: most files have one a second, and a few every two.
const claimPatience = 3 * time.Second

// stealVIP takes the VIP off the interface of the node that holds it, as networkd and
// NetworkManager do with addresses that they don't know. keepalived sees that from
// 2.0 on, and the address is back on some node at once; before, the node goes on as
// master without it. So the undo puts it back where the node's keepalived still
// claims it, and nowhere else: on a backup it would make two holders.
func stealVIP() applier {
	return applier{
		name: agentapi.FaultVIPStolen,
		prepare: func(s Site, r *agentapi.FaultRecord) error {
			_, held, err := heldVIPs(s)
			if err == nil && len(held) == 0 {
				err = fmt.Errorf("%s has no VIP now, so none can be taken from it", s.Iface)
			}
			for _, a := range held {
				r.Addresses = append(r.Addresses, agentapi.FaultAddress{Prefix: a.IPNet.String(), Label: a.Label, Scope: uint8(a.Scope)})
			}
			return err
		},
		apply: func(s Site, _ agentapi.FaultRecord) error {
			link, held, err := heldVIPs(s)
			for _, a := range held {
				// That the kernel took it away is the effect; a look afterwards may find
				// what keepalived has put there since.
				if derr := netlink.AddrDel(link, &a); derr != nil && !errors.Is(derr, unix.EADDRNOTAVAIL) {
					err = errors.Join(err, fmt.Errorf("take %s off %s: %w", a.IPNet, s.Iface, derr))
				}
			}
			return err
		},
		there: func(Site, agentapi.FaultRecord) error { return nil },
		undo:  giveBack,
		// What is left is an address that is missing where it is claimed, for which the
		// undo has just looked.
		gone: func(Site, agentapi.FaultRecord) error { return nil },
	}
}

// heldVIPs are the VIPs that the interface has now.
func heldVIPs(s Site) (netlink.Link, []netlink.Addr, error) {
	link, err := netlink.LinkByName(s.Iface)
	if err != nil {
		return nil, nil, fmt.Errorf("interface %s: %w", s.Iface, err)
	}
	all, err := machine.Addresses4(link)
	if err != nil {
		return nil, nil, fmt.Errorf("addresses of %s: %w", s.Iface, err)
	}
	return link, slices.DeleteFunc(all, func(a netlink.Addr) bool {
		ip, ok := netip.AddrFromSlice(a.IP.To4())
		return !ok || !slices.Contains(s.VIPs, ip)
	}), nil
}

// giveBack puts back what was taken and is missing, and tells the neighbours.
func giveBack(s Site, r agentapi.FaultRecord) error {
	link, held, err := heldVIPs(s)
	if err != nil {
		return err
	}
	var failed []error
	for _, taken := range r.Addresses {
		ip, prefix, err := net.ParseCIDR(taken.Prefix)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		vip, _ := netip.AddrFromSlice(ip.To4())
		if slices.ContainsFunc(held, func(a netlink.Addr) bool { return a.IP.Equal(ip) }) {
			continue
		}
		claimed, err := claims(link, vip, claimPatience)
		if err != nil || !claimed {
			failed = append(failed, err)
			continue
		}
		back := &netlink.Addr{IPNet: &net.IPNet{IP: ip, Mask: prefix.Mask}, Label: taken.Label, Scope: int(taken.Scope)}
		if err := netlink.AddrReplace(link, back); err != nil {
			failed = append(failed, fmt.Errorf("put %s back on %s: %w", taken.Prefix, s.Iface, err))
			continue
		}
		failed = append(failed, announce(link, vip))
	}
	return errors.Join(failed...)
}

// claims says whether this node sends adverts for an address, as a master does. An
// advert of another node answers that as well.
func claims(link netlink.Link, vip netip.Addr, patience time.Duration) (bool, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, networkOrder(unix.ETH_P_ALL))
	if err != nil {
		return false, fmt.Errorf("listen for adverts: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: uint16(networkOrder(unix.ETH_P_ALL)), Ifindex: link.Attrs().Index}); err != nil {
		return false, fmt.Errorf("listen for adverts on %s: %w", link.Attrs().Name, err)
	}
	packet := make([]byte, 2048)
	wait := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if _, err := unix.Poll(wait, int(time.Until(end).Milliseconds())+1); err != nil && !errors.Is(err, unix.EINTR) {
			return false, fmt.Errorf("listen for adverts: %w", err)
		}
		n, from, err := unix.Recvfrom(fd, packet, 0)
		ll, ok := from.(*unix.SockaddrLinklayer)
		if err == nil && ok && advertises(packet[:n], vip) {
			return ll.Pkttype == unix.PACKET_OUTGOING, nil
		}
	}
	return false, nil
}

// networkOrder is a protocol's number as packet(7) wants it.
func networkOrder(protocol int) int { return protocol>>8 | protocol&0xff<<8 }

// advertises says whether an IPv4 packet is an advert of a master, priority 0 being
// one's farewell, with an address in its list (RFC 5798, section 5.1; the list begins
// at the eighth byte in versions 2 and 3).
func advertises(packet []byte, vip netip.Addr) bool {
	if len(packet) < 20 || packet[9] != protocolVRRP {
		return false
	}
	header := int(packet[0]&0x0f) * 4
	if len(packet) < header+8 {
		return false
	}
	advert := packet[header:]
	list := advert[8:]
	for range int(advert[3]) {
		if len(list) < 4 {
			return false
		}
		if netip.AddrFrom4([4]byte(list)) == vip {
			return advert[2] > 0
		}
		list = list[4:]
	}
	return false
}
