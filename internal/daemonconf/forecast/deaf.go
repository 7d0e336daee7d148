package forecast

import (
	"fmt"
	"net/netip"
	"slices"

	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/source"
)

// Difference is something that keeps two nodes from hearing each other.
type Difference struct {
	What  string // router-id, version, auth, advert, addresses, cast, peer
	Text  string
	A, B  source.Pos // where each node says its part
	Learn bool       // the daemons get over it: no two masters
}

// Differences lists why two members of a cluster don't take each other's
// adverts. One is enough for two masters on 2.x; 1.3.5 resets its timer by an
// advert that it refuses, too, so that one of them stays backup.
func Differences(a, b Member) []Difference {
	var list []Difference
	add := func(what string, learn bool, at, bt source.Pos, format string, args ...any) {
		list = append(list, Difference{what, fmt.Sprintf(format, args...), orElse(at, a.Is.At), orElse(bt, b.Is.At), learn})
	}
	x, y := a.Is, b.Is
	old := a.Old() && b.Old()
	if x.RouterID.V != y.RouterID.V {
		add("router-id", false, x.RouterID.At, y.RouterID.At, "virtual_router_id is %d here and %d there", x.RouterID.V, y.RouterID.V)
	}
	if x.Version.V != y.Version.V {
		add("version", old, x.Version.At, y.Version.At, "one speaks VRRPv%d, the other VRRPv%d", x.Version.V, y.Version.V)
	}
	if x.AdvertMs.V != y.AdvertMs.V {
		add("advert", old || x.Version.V == 3 && y.Version.V == 3, x.AdvertMs.At, y.AdvertMs.At, "advert_int is %g here and %g there", x.AdvertMs.V/1000, y.AdvertMs.V/1000)
	}
	if x.Version.V == 2 && y.Version.V == 2 {
		switch {
		case x.AuthType.V != y.AuthType.V:
			add("auth", old, x.AuthType.At, y.AuthType.At, "auth_type is %s here and %s there", orNone(x.AuthType.V), orNone(y.AuthType.V))
		case x.AuthType.V != "" && eight(x.AuthPass.V) != eight(y.AuthPass.V):
			add("auth", old, x.AuthPass.At, y.AuthPass.At, "the first eight characters of auth_pass differ")
		}
	}
	if missing, ok := addresses(x, y); ok && !(x.SkipCheckAddr && y.SkipCheckAddr) {
		add("addresses", old, placeOf(x, missing), placeOf(y, missing), "the lists of addresses differ: %s is on one node only", missing)
	}
	return append(list, casts(a, b)...)
}

// casts compares how and to whom two nodes speak.
func casts(a, b Member) []Difference {
	x, y := a.Is, b.Is
	if (len(x.Peers) > 0) != (len(y.Peers) > 0) {
		return []Difference{{"cast", "one speaks unicast, the other multicast", orElse(x.Unicast.At, x.At), orElse(y.Unicast.At, y.At), false}}
	}
	if x.Unicast.V && x.Source.V.IsValid() && x.Source.V == y.Source.V {
		return []Difference{{"source", fmt.Sprintf("both say that %s is their own address", x.Source.V), x.Source.At, y.Source.At, false}}
	}
	var list []Difference
	for _, side := range [][2]Member{{a, b}, {b, a}} {
		from, to := side[0].Is, side[1].Is
		if len(from.Peers) == 0 {
			continue
		}
		if !to.Source.V.IsValid() || !to.UnicastSource {
			list = append(list, unknownToPeers(side[0], side[1])...)
			continue
		}
		if !slices.ContainsFunc(from.Peers, func(p facts.Value[netip.Addr]) bool { return p.V == to.Source.V }) {
			list = append(list, Difference{"peer", fmt.Sprintf("%s never speaks to %s: unicast_peer has no %s, which is its unicast_src_ip",
				side[0].Node.Name, side[1].Node.Name, to.Source.V), from.Unicast.At, to.Source.At, false})
		}
	}
	return list
}

// unknownToPeers says, of a node whose file does not say its own address but whose
// machine is known, that none of its addresses is among the other's peers.
func unknownToPeers(from, to Member) []Difference {
	for _, p := range from.Is.Peers {
		if own, known := to.Node.Has(p.V); own || !known {
			return nil
		}
	}
	return []Difference{{"peer", fmt.Sprintf("%s never speaks to %s: unicast_peer has none of its addresses", from.Node.Name, to.Node.Name), from.Is.Unicast.At, to.Is.At, false}}
}

// addresses gives an address that only one of two lists has.
func addresses(x, y *facts.Instance) (netip.Addr, bool) {
	for _, side := range [][2]*facts.Instance{{x, y}, {y, x}} {
		for _, v := range side[0].VIPs {
			if !v.Excluded && !slices.ContainsFunc(side[1].VIPs, func(w facts.VIP) bool { return w.Addr == v.Addr && !w.Excluded }) {
				return v.Addr, true
			}
		}
	}
	return netip.Addr{}, false
}

func placeOf(in *facts.Instance, a netip.Addr) source.Pos {
	for _, v := range in.VIPs {
		if v.Addr == a {
			return v.At
		}
	}
	return in.At
}

func eight(text string) string { return text[:min(8, len(text))] }

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func orElse(at, other source.Pos) source.Pos {
	if at.Known() {
		return at
	}
	return other
}

// deaf gives the first reason for which some two members are both master.
func (c Cluster) deaf() string {
	for i, a := range c.Members {
		for _, b := range c.Members[i+1:] {
			for _, d := range Differences(a, b) {
				if !d.Learn && a.Stuck() == "" && b.Stuck() == "" {
					return fmt.Sprintf("%s and %s: %s", a.Node.Name, b.Node.Name, d.Text)
				}
			}
		}
	}
	return ""
}
