package host

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"halab/internal/agent/machine"
	"halab/internal/problem"
)

// makeLeg finds or makes the host's own leg on the lab's network. Linux keeps a
// macvlan's parent apart from its children; another child, in the host's
// namespace, is not.
func (w *wiring) makeLeg(parent netlink.Link) error {
	name := w.request.Leg
	leg, err := find(name)
	if err != nil {
		return err
	}
	if leg != nil && leg.Attrs().ParentIndex != parent.Attrs().Index {
		// It hangs on a parent that was replaced since.
		if err := netlink.LinkDel(leg); err != nil {
			return fmt.Errorf("remove the old %s: %w", name, err)
		}
		leg = nil
	}
	list := &w.reply.Found
	if leg == nil {
		list = &w.reply.Made
		attributes := netlink.NewLinkAttrs()
		attributes.Name = name
		attributes.ParentIndex = parent.Attrs().Index
		attributes.Alias = w.alias
		if err := netlink.LinkAdd(&netlink.Macvlan{LinkAttrs: attributes, Mode: netlink.MACVLAN_MODE_BRIDGE}); err != nil {
			return fmt.Errorf("make the leg %s on %s: %w", name, parent.Attrs().Name, err)
		}
		if leg, err = netlink.LinkByName(name); err != nil {
			return fmt.Errorf("interface %s: %w", name, err)
		}
	}
	if w.leg.IsValid() {
		if err := w.setAddress(leg); err != nil {
			return err
		}
	}
	if err := stopForwarding(leg); err != nil {
		return fmt.Errorf("keep the host from forwarding what %s receives: %w", name, err)
	}
	if err := w.finish(leg); err != nil {
		return err
	}
	*list = append(*list, name)
	return nil
}

// Attributes of a link's IPv4 settings (rtnetlink(7), linux/ip.h).
const (
	inetConf       = 1 // IFLA_INET_CONF
	inetForwarding = 1 // IPV4_DEVCONF_FORWARDING
)

// stopForwarding makes the host forward nothing that arrives on an interface,
// as net.ipv4.conf.NAME.forwarding=0 does: a node that takes the host's leg for
// a router reaches nothing behind it. Docker switches forwarding on for the
// host as a whole, and a container can't write to /proc/sys.
func stopForwarding(link netlink.Link) error {
	request := nl.NewNetlinkRequest(unix.RTM_SETLINK, unix.NLM_F_ACK)
	which := nl.NewIfInfomsg(unix.AF_UNSPEC)
	which.Index = int32(link.Attrs().Index)
	request.AddData(which)
	families := nl.NewRtAttr(unix.IFLA_AF_SPEC, nil)
	families.AddRtAttr(unix.AF_INET, nil).AddRtAttr(inetConf, nil).AddRtAttr(inetForwarding, nl.Uint32Attr(0))
	request.AddData(families)
	_, err := request.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// setAddress gives the leg its one IPv4 address.
func (w *wiring) setAddress(leg netlink.Link) error {
	want := netlink.Addr{IPNet: &net.IPNet{IP: w.leg.AsSlice(), Mask: net.CIDRMask(w.subnet.Bits(), 32)}}
	have, err := machine.Addresses4(leg)
	if err != nil {
		return fmt.Errorf("addresses of %s: %w", w.request.Leg, err)
	}
	for _, a := range have {
		if a.IPNet.String() == want.IPNet.String() {
			return nil
		}
	}
	for i := range have {
		if err := netlink.AddrDel(leg, &have[i]); err != nil {
			return fmt.Errorf("remove the old address of %s: %w", w.request.Leg, err)
		}
	}
	if err := netlink.AddrAdd(leg, &want); err != nil {
		return fmt.Errorf("give %s the address %s: %w", w.request.Leg, want.IPNet, err)
	}
	return nil
}

// checkSubnet refuses a subnet that the host uses already, by an address or by
// a route. Routes that only refuse (unreachable, blackhole, prohibit) are guards
// and no use; what is on this lab's own interfaces is ours, and a parent of
// somebody else's may well be on the subnet: that is why it was named.
func (w *wiring) checkSubnet() error {
	if !w.subnet.IsValid() {
		return nil
	}
	all, err := machine.Links()
	if err != nil {
		return fmt.Errorf("interfaces of the host: %w", err)
	}
	names := map[int]string{}
	for _, link := range all {
		a := link.Attrs()
		if a.Alias == w.alias || w.request.Peer == "" && a.Name == w.request.Parent {
			continue
		}
		names[a.Index] = a.Name
	}
	if err := w.checkAddresses(names); err != nil {
		return err
	}
	return w.checkRoutes(names)
}

func (w *wiring) checkAddresses(names map[int]string) error {
	addresses, err := machine.Addresses4(nil)
	if err != nil {
		return fmt.Errorf("addresses of the host: %w", err)
	}
	for _, a := range addresses {
		name, foreign := names[a.LinkIndex]
		if used, ok := prefixOf(a.IPNet); ok && foreign && used.Overlaps(w.subnet) {
			return w.taken(fmt.Sprintf("interface %s has the address %s", name, a.IPNet))
		}
	}
	return nil
}

func (w *wiring) checkRoutes(names map[int]string) error {
	// Every table but the kernel's own of local addresses, which were looked at.
	routes, err := machine.Whole(func() ([]netlink.Route, error) {
		return netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: unix.RT_TABLE_UNSPEC}, netlink.RT_FILTER_TABLE)
	})
	if err != nil {
		return fmt.Errorf("routes of the host: %w", err)
	}
	for _, route := range routes {
		used, ok := prefixOf(route.Dst)
		name, foreign := names[route.LinkIndex]
		if !ok || !foreign || used.Bits() == 0 || route.Table == unix.RT_TABLE_LOCAL || isGuard(route.Type) {
			continue
		}
		if used.Overlaps(w.subnet) {
			return w.taken(fmt.Sprintf("the host has a route to %s through %s", used, name))
		}
	}
	return nil
}

func isGuard(kind int) bool {
	return kind == unix.RTN_UNREACHABLE || kind == unix.RTN_BLACKHOLE || kind == unix.RTN_PROHIBIT
}

func (w *wiring) taken(by string) error {
	return problem.New("the subnet %s is in use on the host: %s", w.subnet, by).Cure("give the lab another one: --subnet 192.168.98.0/24")
}

// prefixOf converts what netlink has; a missing one is the default route.
func prefixOf(n *net.IPNet) (netip.Prefix, bool) {
	if n == nil {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0), true
	}
	ip, ok := netip.AddrFromSlice(n.IP.To4())
	ones, bits := n.Mask.Size()
	if !ok || bits != 32 {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(ip, ones).Masked(), true
}

// down removes what carries the lab's alias, whatever its name, and nothing
// else. Removing one end of a pair removes the other.
func (w *wiring) down() error {
	all, err := machine.Links()
	if err != nil {
		return fmt.Errorf("interfaces of the host: %w", err)
	}
	var failed []error
	// Legs before parents, or the kernel takes them along unseen.
	for _, legs := range []bool{true, false} {
		for _, link := range all {
			if link.Attrs().Alias != w.alias || (link.Type() == "macvlan") != legs {
				continue
			}
			name := link.Attrs().Name
			err := netlink.LinkDel(link)
			if err != nil && !errors.Is(err, unix.ENODEV) && !errors.As(err, &netlink.LinkNotFoundError{}) {
				failed = append(failed, fmt.Errorf("remove %s: %w", name, err))
				continue
			}
			w.reply.Removed = append(w.reply.Removed, name)
		}
	}
	return errors.Join(failed...)
}
