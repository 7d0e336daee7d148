// Package facts says what two daemons will do with their configuration: every
// value as it is in force, with the defaults of the daemon's version where the
// file is silent, and the place where it was given. It judges nothing.
package facts

import (
	"net/netip"
	"strconv"
	"strings"

	"halab/internal/daemonconf/inventory"
	"halab/internal/daemonconf/source"
)

// Version is a daemon's version, for instance 2.2.7.
type Version string

// AtLeast says whether the version is text or a later one: 2.10 is later than 2.9.
func (v Version) AtLeast(text string) bool {
	mine, other := strings.Split(string(v), "."), strings.Split(text, ".")
	for i := range other {
		have := 0
		if i < len(mine) {
			have = leading(mine[i])
		}
		if want := leading(other[i]); have != want {
			return have > want
		}
	}
	return true
}

// leading is the number that a text begins with: 12 of "12-dev3".
func leading(text string) int {
	end := 0
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	n, _ := strconv.Atoi(text[:end])
	return n
}

// Value is a value in force. Set says that the file gives it, At where.
type Value[T any] struct {
	V   T
	At  source.Pos
	Set bool
}

func silent[T any](v T) Value[T] { return Value[T]{V: v} }

// put is a value that a file gives.
func (v *Value[T]) put(value T, at source.Pos) { *v = Value[T]{value, at, true} }

// Node is one machine.
type Node struct {
	Name       string
	Keepalived Keepalived
	HAProxy    HAProxy
	// Scripts are the files that the configuration runs, by the path that it
	// names, as far as they were handed in.
	Scripts map[string]ScriptFile
	// Sysctls are the settings of /etc/sysctl.conf and /etc/sysctl.d, or, where
	// the machine is known, those in force.
	Sysctls map[string]Value[string]
	Machine *inventory.Record // nil where only files are known
}

// ScriptFile is a script's text and who may write it.
type ScriptFile struct {
	Name        string // as it is printed
	Text        string
	OthersWrite bool
}

// Address is what is known of the machine's own address in VRRP's network: what
// its unicast_src_ip or mcast_src_ip says, or else what its interface has.
func (n Node) Address() netip.Addr {
	for _, i := range n.Keepalived.Instances {
		if i.Source.V.IsValid() {
			return i.Source.V
		}
	}
	for _, i := range n.Keepalived.Instances {
		if own := n.Addresses(i.Interface.V); len(own) > 0 {
			return own[0].Addr()
		}
	}
	return netip.Addr{}
}

// Addresses are what the machine's interface has of its own. The VIPs of one that
// held them while it was looked at are not.
func (n Node) Addresses(name string) []netip.Prefix {
	if n.Machine == nil {
		return nil
	}
	dev, _ := n.Machine.Interface(name)
	var own []netip.Prefix
	for _, p := range dev.Addresses {
		if !p.Addr().IsLinkLocalUnicast() && !n.Moves(p.Addr()) {
			own = append(own, p)
		}
	}
	return own
}

// Has says whether an address is the machine's own; known is false where only
// files are known.
func (n Node) Has(a netip.Addr) (own, known bool) {
	return n.Machine != nil && n.Machine.Has(a) && !n.Moves(a), n.Machine != nil && len(n.Machine.Interfaces) > 0
}

// Moves says whether the node's keepalived moves an address.
func (n Node) Moves(a netip.Addr) bool {
	for _, i := range n.Keepalived.Instances {
		for _, v := range i.VIPs {
			if v.Addr == a {
				return true
			}
		}
	}
	return false
}

// Nonlocal says whether the kernel lets HAProxy listen on an address that the
// machine has not (yet).
func (n Node) Nonlocal(v6 bool) bool {
	key := "net.ipv4.ip_nonlocal_bind"
	if v6 {
		key = "net.ipv6.ip_nonlocal_bind"
	}
	return n.Sysctls[key].V == "1"
}
