package machine

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// IsUp: the interface is switched on and has a carrier.
func IsUp(flags uint32) bool {
	return flags&unix.IFF_UP != 0 && flags&unix.IFF_RUNNING != 0
}

// AddressesOf lists the IPv4 addresses of an interface.
func AddressesOf(name string) ([]netip.Addr, error) {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	all, err := i.Addrs()
	if err != nil {
		return nil, err
	}
	var found []netip.Addr
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() {
			found = append(found, p.Addr())
		}
	}
	return found, nil
}

// RemoveAddress takes an address off an interface; one that is not there is
// fine.
func RemoveAddress(iface string, ip netip.Addr) error {
	link, err := netlink.LinkByName(iface)
	if err != nil {
		return fmt.Errorf("interface %s: %w", iface, err)
	}
	addresses, err := Addresses4(link)
	if err != nil {
		return fmt.Errorf("addresses of %s: %w", iface, err)
	}
	for _, a := range addresses {
		if found, ok := netip.AddrFromSlice(a.IP.To4()); !ok || found != ip {
			continue
		}
		if err := netlink.AddrDel(link, &a); err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) {
			return fmt.Errorf("remove %s from %s: %w", ip, iface, err)
		}
	}
	return nil
}
