package topology

import (
	"fmt"
	"hash/fnv"
)

// DefaultName is the name of a lab that nobody named.
const DefaultName = "halab"

// OwnParent is the name of the interface under the macvlan network of a lab
// that brings its own: one end of a veth pair. It differs between labs and, as
// the names made from it, fits Linux's limit of 15 characters (netdevice(7),
// IFNAMSIZ).
func OwnParent(lab string) string {
	switch {
	case lab == DefaultName:
		return "halab0"
	case len(lab) <= 10:
		return "hl-" + lab
	default:
		h := fnv.New32a()
		h.Write([]byte(lab))
		return fmt.Sprintf("hl-%.3s-%06x", lab, h.Sum32()&0xffffff)
	}
}

// Peer is the name of the other end of the lab's own veth pair.
func (l *Lab) Peer() string { return OwnParent(l.Name) + "p" }

// Leg is the name of the interface that is the host's own leg on the lab's
// network.
func (l *Lab) Leg() string { return OwnParent(l.Name) + "h" }
