package app

import (
	"net/netip"
	"slices"

	"halab/internal/agentapi"
	"halab/internal/preflight"
)

// hostReady says whether the interfaces that a lab needs on the engine's host
// are known to be there, up, and the lab's own, so that nothing is to be made.
// Of a host that can't be looked into from here nothing is known: an interface
// halab0 that is seen here may be that of another engine.
func hostReady(f preflight.Facts, r agentapi.NetworkRequest) bool {
	if !f.Local || f.Beside != preflight.Yes {
		return false
	}
	own := func(name string) (preflight.Interface, bool) {
		i := slices.IndexFunc(f.Interfaces, func(i preflight.Interface) bool {
			return i.Name == name && i.Alias == agentapi.InterfaceAlias(r.Lab) && i.Up
		})
		if i < 0 {
			return preflight.Interface{}, false
		}
		return f.Interfaces[i], true
	}
	if r.Peer != "" {
		for _, name := range []string{r.Parent, r.Peer} {
			if _, found := own(name); !found {
				return false
			}
		}
	}
	if r.Leg == "" {
		return true
	}
	leg, found := own(r.Leg)
	return found && slices.ContainsFunc(leg.Addresses, func(p netip.Prefix) bool { return p.Addr().String() == r.LegIP })
}

// parentGone says whether the interface under the lab's network is known not to
// be there.
func parentGone(f preflight.Facts) bool {
	return f.Local && f.Beside != preflight.No && !slices.ContainsFunc(f.Interfaces, func(i preflight.Interface) bool { return i.Name == f.Parent })
}
