package machine

import (
	"errors"
	"time"

	"github.com/vishvananda/netlink"
)

// dumpTries bounds how often a listing is asked for again; on a host where
// containers come and go every few milliseconds, a handful of tries is enough.
const (
	dumpTries = 50
	dumpPause = 2 * time.Millisecond
)

// Whole asks the kernel for a listing until it got one in which nothing changed
// meanwhile (netlink's NLM_F_DUMP_INTR): half a list of interfaces or addresses
// is worse than none.
func Whole[T any](list func() ([]T, error)) ([]T, error) {
	for try := 1; ; try++ {
		all, err := list()
		if !errors.Is(err, netlink.ErrDumpInterrupted) || try == dumpTries {
			return all, err
		}
		time.Sleep(dumpPause)
	}
}

// Links lists all interfaces.
func Links() ([]netlink.Link, error) { return Whole(netlink.LinkList) }

// Addresses4 lists the IPv4 addresses of an interface, or of all if it is nil.
func Addresses4(link netlink.Link) ([]netlink.Addr, error) {
	return Whole(func() ([]netlink.Addr, error) { return netlink.AddrList(link, netlink.FAMILY_V4) })
}
