package fault

import (
	"errors"
	"fmt"
	"strings"

	"halab/internal/agentapi"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// PutLinkBack gives back the routes of a link that was down, which only the
// record of the fault knows.
func (s Site) PutLinkBack() error {
	records, err := s.store().records()
	for _, r := range records {
		if r.Fault == agentapi.FaultLinkDown {
			err = errors.Join(err, undoOne(s, r))
		}
	}
	return err
}

// Sweep removes from an interface what faults left there that nobody undid.
func Sweep(iface string) ([]string, error) {
	var removed []string
	var failed []error
	note := func(what string, there bool, err error) {
		if err != nil {
			failed = append(failed, err)
		} else if there {
			removed = append(removed, what+" from "+iface)
		}
	}
	tables, err := sweepFilters()
	note("packet filter "+strings.Join(tables, ", "), len(tables) > 0, err)
	there, err := sweepQueue(iface)
	note("queueing discipline", there, err)
	there, err = sweepLink(iface)
	note("link down", there, err)
	return removed, errors.Join(failed...)
}

// sweepFilters removes the tables of all faults.
func sweepFilters() ([]string, error) {
	conn, err := nftables.New()
	if err != nil {
		return nil, fmt.Errorf("packet filter: %w", err)
	}
	tables, err := conn.ListTablesOfFamily(nftables.TableFamilyNetdev)
	if err != nil {
		return nil, nil // a kernel without the filter has nothing in it
	}
	var names []string
	for _, t := range tables {
		if strings.HasPrefix(t.Name, tablePrefix) {
			names = append(names, t.Name)
			conn.DelTable(t)
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	if err := conn.Flush(); err != nil && !errors.Is(err, unix.ENOENT) {
		return nil, fmt.Errorf("packet filter: %w", err)
	}
	return names, nil
}

// sweepQueue removes a queueing discipline of halab's.
func sweepQueue(iface string) (bool, error) {
	root, err := rootQueue(iface)
	if err != nil || root == nil || root.Attrs().Handle != queueHandle {
		return false, err
	}
	return true, netlink.QdiscDel(root)
}

// sweepLink switches an interface on that halab switched off.
func sweepLink(iface string) (bool, error) {
	link, up, err := linkState(iface)
	if err != nil || link.Attrs().Alias != agentapi.LinkDownAlias {
		return false, err
	}
	return !up, errors.Join(netlink.LinkSetUp(link), netlink.LinkSetAlias(link, ""))
}
