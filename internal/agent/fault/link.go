package fault

import (
	"errors"
	"fmt"
	"net"

	"halab/internal/agent/machine"
	"halab/internal/agentapi"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// linkDown switches the interface off, as a pulled cable: its addresses stay,
// its routes go and come back.
func linkDown() applier {
	return applier{
		name: agentapi.FaultLinkDown,
		prepare: func(s Site, r *agentapi.FaultRecord) error {
			link, up, err := linkState(s.Iface)
			if err != nil {
				return err
			}
			if !up {
				return fmt.Errorf("the link %s is down already", s.Iface)
			}
			r.Routes, err = routesOf(link)
			return err
		},
		apply: func(s Site, _ agentapi.FaultRecord) error {
			link, _, err := linkState(s.Iface)
			if err != nil {
				return err
			}
			if machine.OnHost() && link.Attrs().Alias == "" {
				if err := netlink.LinkSetAlias(link, agentapi.LinkDownAlias); err != nil {
					return err
				}
			}
			return netlink.LinkSetDown(link)
		},
		there: func(s Site, _ agentapi.FaultRecord) error {
			_, up, err := linkState(s.Iface)
			if err == nil && up {
				err = fmt.Errorf("the link %s is still up", s.Iface)
			}
			return err
		},
		undo: func(s Site, r agentapi.FaultRecord) error {
			link, _, err := linkState(s.Iface)
			if err != nil {
				return err
			}
			if err := netlink.LinkSetUp(link); err != nil {
				return err
			}
			if link.Attrs().Alias == agentapi.LinkDownAlias {
				if err := netlink.LinkSetAlias(link, ""); err != nil {
					return err
				}
			}
			return putRoutes(link, r.Routes)
		},
		gone: carries,
	}
}

// carries says whether the interface is switched on and has a carrier.
func carries(s Site, _ agentapi.FaultRecord) error {
	link, up, err := linkState(s.Iface)
	switch {
	case err != nil:
		return err
	case !up:
		return fmt.Errorf("the link %s is still down", s.Iface)
	case link.Attrs().RawFlags&unix.IFF_RUNNING == 0:
		return fmt.Errorf("the link %s has no carrier", s.Iface)
	}
	return nil
}

// linkState finds the interface and whether it is switched on.
func linkState(iface string) (netlink.Link, bool, error) {
	link, err := netlink.LinkByName(iface)
	if err != nil {
		return nil, false, fmt.Errorf("interface %s: %w", iface, err)
	}
	return link, link.Attrs().RawFlags&unix.IFF_UP != 0, nil
}

// routesOf lists the routes that somebody gave the interface; those of its
// addresses come back by themselves.
func routesOf(link netlink.Link) ([]agentapi.FaultRoute, error) {
	list, err := netlink.RouteList(link, netlink.FAMILY_V4)
	if err != nil {
		return nil, fmt.Errorf("routes of %s: %w", link.Attrs().Name, err)
	}
	var routes []agentapi.FaultRoute
	for _, r := range list {
		if r.Protocol == unix.RTPROT_KERNEL {
			continue
		}
		f := agentapi.FaultRoute{Scope: uint8(r.Scope), Metric: r.Priority}
		if r.Dst != nil {
			f.To = r.Dst.String()
		}
		if r.Gw != nil {
			f.Gateway = r.Gw.String()
		}
		if r.Src != nil {
			f.Source = r.Src.String()
		}
		routes = append(routes, f)
	}
	return routes, nil
}

// putRoutes puts routes back: those to a network before those through a
// gateway, which must be reachable.
func putRoutes(link netlink.Link, routes []agentapi.FaultRoute) error {
	var failed []error
	for _, gateways := range []bool{false, true} {
		for _, f := range routes {
			if (f.Gateway != "") != gateways {
				continue
			}
			r := netlink.Route{LinkIndex: link.Attrs().Index, Scope: netlink.Scope(f.Scope), Priority: f.Metric,
				Gw: net.ParseIP(f.Gateway), Src: net.ParseIP(f.Source)}
			if f.To != "" {
				_, to, err := net.ParseCIDR(f.To)
				if err != nil {
					failed = append(failed, err)
					continue
				}
				r.Dst = to
			}
			if err := netlink.RouteReplace(&r); err != nil {
				failed = append(failed, fmt.Errorf("route to %q: %w", f.To, err))
			}
		}
	}
	return errors.Join(failed...)
}
