package own

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"halab/internal/agentapi"
)

const (
	// engineName is what an engine calls a container's interface. It keeps that name:
	// by it an engine takes the interface out when the container ends, and one that it
	// does not find blocks its hardware address for a while.
	engineName = "eth0"
	// underName is the interface that further networks run on.
	underName = "halab0"
	// vxlanPort is the one that IANA gave it.
	vxlanPort = 4789
)

// Wire gives the machine its interfaces: the engine's own where the files call one
// eth0, and others beside it on the same wire. It may be called again.
func Wire(o agentapi.Own) error {
	first := map[int]string{} // the interface that is a network's own
	engines := false
	for _, i := range o.Interfaces { // all, before the engine's address goes
		engines = engines || i.Name == engineName
		if err := wire(i, first); err != nil {
			return fmt.Errorf("the interface %s: %w", i.Name, err)
		}
	}
	var failed []error
	for _, i := range o.Interfaces {
		failed = append(failed, address(i))
	}
	if !engines {
		failed = append(failed, idle())
	}
	for _, r := range o.Routes {
		failed = append(failed, route(r))
	}
	return errors.Join(failed...)
}

// wire makes one interface. A MACVLAN on one is put by the kernel beside it, on what
// is below: it goes on when the other is switched off.
func wire(i agentapi.OwnInterface, first map[int]string) error {
	if i.Name == "lo" || i.Name == engineName && i.Segment == 0 {
		return up(i.Name)
	}
	if i.Segment == 0 {
		return beside(engineName, i.Name)
	}
	if one, taken := first[i.Segment]; taken {
		return beside(one, i.Name)
	}
	first[i.Segment] = i.Name
	under, err := underlay()
	if err != nil {
		return err
	}
	return add(&netlink.Vxlan{
		LinkAttrs: netlink.LinkAttrs{Name: i.Name}, VxlanId: i.Segment, VtepDevIndex: under.Attrs().Index,
		// All goes to the group: a table of who is where would be one more thing that
		// has to learn after a move.
		Group: net.IPv4(239, 192, 77, byte(i.Segment)), Port: vxlanPort, Learning: false, TTL: 1,
	})
}

// beside makes an interface on the network of another.
func beside(other, name string) error {
	link, err := netlink.LinkByName(other)
	if err != nil {
		return err
	}
	return add(&netlink.Macvlan{LinkAttrs: netlink.LinkAttrs{Name: name, ParentIndex: link.Attrs().Index}, Mode: netlink.MACVLAN_MODE_BRIDGE})
}

func add(link netlink.Link) error {
	if err := netlink.LinkAdd(link); err != nil && !errors.Is(err, unix.EEXIST) {
		return err
	}
	return up(link.Attrs().Name)
}

func up(name string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	return netlink.LinkSetUp(link)
}

// underlay is the interface under further networks. Its address is for itself alone,
// so that it routes nothing, and is told from others by the number that the engine
// gave this container.
func underlay() (netlink.Link, error) {
	if link, err := netlink.LinkByName(underName); err == nil {
		return link, nil
	}
	link, err := netlink.LinkByName(engineName)
	if err != nil {
		return nil, err
	}
	all, err := netlink.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("the engine gave %s no address", engineName)
	}
	if err := beside(engineName, underName); err != nil {
		return nil, err
	}
	under, err := netlink.LinkByName(underName)
	if err != nil {
		return nil, err
	}
	alone := &netlink.Addr{IPNet: &net.IPNet{IP: net.IPv4(169, 254, 77, all[0].IP.To4()[3]), Mask: net.CIDRMask(32, 32)}, Scope: unix.RT_SCOPE_LINK}
	return under, netlink.AddrAdd(under, alone)
}

// idle switches the engine's interface off, where the files have none of its name.
func idle() error {
	if err := address(agentapi.OwnInterface{Name: engineName}); err != nil {
		return err
	}
	link, err := netlink.LinkByName(engineName)
	if err != nil {
		return err
	}
	return netlink.LinkSetDown(link)
}

// address gives an interface the addresses that it is to have, and takes away the
// engine's.
func address(i agentapi.OwnInterface) error {
	link, err := netlink.LinkByName(i.Name)
	if err != nil {
		return fmt.Errorf("the interface %s: %w", i.Name, err)
	}
	wanted := map[netip.Prefix]bool{}
	for _, p := range i.Addresses {
		wanted[p] = true
	}
	if i.Name != "lo" {
		all, err := netlink.AddrList(link, netlink.FAMILY_V4)
		if err != nil {
			return err
		}
		for _, a := range all {
			bits, _ := a.Mask.Size()
			if ip, ok := netip.AddrFromSlice(a.IP.To4()); ok && !wanted[netip.PrefixFrom(ip, bits)] {
				if err := netlink.AddrDel(link, &a); err != nil {
					return fmt.Errorf("take %s from %s: %w", a.IPNet, i.Name, err)
				}
			}
		}
	}
	for _, p := range i.Addresses {
		a := &netlink.Addr{IPNet: &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}}
		if p.Addr().Is6() {
			a.Flags = unix.IFA_F_NODAD // nobody else has it, and a daemon may want it at once
		}
		if err := netlink.AddrAdd(link, a); err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("give %s to %s: %w", p, i.Name, err)
		}
	}
	return nil
}

func route(r agentapi.OwnRoute) error {
	link, err := netlink.LinkByName(r.Interface)
	if err != nil {
		return fmt.Errorf("a route by %s: %w", r.Interface, err)
	}
	err = netlink.RouteReplace(&netlink.Route{
		LinkIndex: link.Attrs().Index, Scope: netlink.SCOPE_LINK,
		Dst: &net.IPNet{IP: r.To.AsSlice(), Mask: net.CIDRMask(r.To.BitLen(), r.To.BitLen())},
	})
	if err != nil {
		return fmt.Errorf("a route to %s by %s: %w", r.To, r.Interface, err)
	}
	return nil
}
