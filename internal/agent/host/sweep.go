package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"

	"halab/internal/agent/command"
	"halab/internal/agent/fault"
	"halab/internal/agent/machine"
	"halab/internal/agentapi"

	"golang.org/x/sys/unix"
)

// A container's network goes with it; that of a host does not. What a lab put
// there and nobody took away is known by its marks: the VIP by its address, the
// packet filter's tables by their name, the queueing discipline by its handle,
// and a link that was switched off by its alias.

// Sweep is `sweep INTERFACE VIP`.
func Sweep(args []string, out command.Output) error {
	if len(args) != 2 {
		return command.Usagef("sweep INTERFACE VIP")
	}
	vip, err := netip.ParseAddr(args[1])
	if err != nil {
		return command.Usagef("sweep: %v", err)
	}
	removed, err := Clean(args[0], vip)
	return errors.Join(err, json.NewEncoder(out.Answer).Encode(agentapi.SweepReply{Removed: removed}))
}

// Crash is `crash`.
func Crash(out command.Output) error {
	if !machine.OnHost() {
		return command.Usagef("crash is for nodes that are hosts of their own")
	}
	s := fault.ThisNode()
	if err := unix.Kill(-1, unix.SIGSTOP); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("stop all processes: %w", err)
	}
	removed, err := Clean(s.Iface, s.VIPs...)
	return errors.Join(err, s.PutLinkBack(), json.NewEncoder(out.Answer).Encode(agentapi.SweepReply{Removed: removed}))
}

// Clean removes from an interface what a lab left there.
func Clean(iface string, vips ...netip.Addr) ([]string, error) {
	removed := []string{}
	var failed []error
	for _, vip := range vips {
		there, err := takeAddress(iface, vip)
		switch {
		case err != nil:
			failed = append(failed, err)
		case there:
			removed = append(removed, vip.String()+" from "+iface)
		}
	}
	left, err := fault.Sweep(iface)
	removed, failed = append(removed, left...), append(failed, err)
	return removed, errors.Join(failed...)
}

// takeAddress removes an address and says whether it was there.
func takeAddress(iface string, ip netip.Addr) (bool, error) {
	found, err := machine.AddressesOf(iface)
	if err != nil {
		return false, err
	}
	for _, a := range found {
		if a == ip {
			return true, machine.RemoveAddress(iface, ip)
		}
	}
	return false, nil
}
