package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"halab/internal/agentapi"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A container's network goes with it; that of a host does not. What a lab put
// there and nobody took away is known by its marks: the VIP by its address, the
// packet filter's tables by their name, the queueing discipline by its handle,
// and a link that was switched off by its alias.

// onHost says whether this node is a host of its own.
func onHost() bool { return os.Getenv(agentapi.EnvHost) == "1" }

// runSweep is `sweep INTERFACE VIP`.
func runSweep(args []string, out output) error {
	if len(args) != 2 {
		return usagef("sweep INTERFACE VIP")
	}
	vip, err := netip.ParseAddr(args[1])
	if err != nil {
		return usagef("sweep: %v", err)
	}
	removed, err := sweep(args[0], vip)
	return errors.Join(err, json.NewEncoder(out.answer).Encode(agentapi.SweepReply{Removed: removed}))
}

// runCrash is `crash`.
func runCrash(out output) error {
	if !onHost() {
		return usagef("crash is for nodes that are hosts of their own")
	}
	s := thisNode()
	if err := unix.Kill(-1, unix.SIGSTOP); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("stop all processes: %w", err)
	}
	removed, err := sweep(s.iface, s.vips...)
	return errors.Join(err, s.putLinkBack(), json.NewEncoder(out.answer).Encode(agentapi.SweepReply{Removed: removed}))
}

// putLinkBack gives back the routes of a link that was down, which only the
// record of the fault knows.
func (s faultSite) putLinkBack() error {
	records, err := s.store().records()
	for _, r := range records {
		if r.Fault == agentapi.FaultLinkDown {
			err = errors.Join(err, undoOne(s, r))
		}
	}
	return err
}

// sweep removes from an interface what a lab left there.
func sweep(iface string, vips ...netip.Addr) ([]string, error) {
	removed := []string{}
	var failed []error
	note := func(what string, there bool, err error) {
		if err != nil {
			failed = append(failed, err)
		} else if there {
			removed = append(removed, what+" from "+iface)
		}
	}
	for _, vip := range vips {
		there, err := takeAddress(iface, vip)
		note(vip.String(), there, err)
	}
	tables, err := sweepFilters()
	note("packet filter "+strings.Join(tables, ", "), len(tables) > 0, err)
	there, err := sweepQueue(iface)
	note("queueing discipline", there, err)
	there, err = sweepLink(iface)
	note("link down", there, err)
	return removed, errors.Join(failed...)
}

// takeAddress removes an address and says whether it was there.
func takeAddress(iface string, ip netip.Addr) (bool, error) {
	found, err := addressesOf(iface)
	if err != nil {
		return false, err
	}
	for _, a := range found {
		if a == ip {
			return true, removeAddress(iface, ip)
		}
	}
	return false, nil
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
