package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"halab/internal/agent/command"
	"halab/internal/agent/machine"
	"halab/internal/agentapi"
	"halab/internal/render"
	"halab/internal/topology"

	"golang.org/x/sys/unix"
)

// runKeepalived is the main process of a keepalived container. A keepalived
// that follows files takes its place; an older one gets a supervisor, and so does
// one with a file of the user's own, which names no FIFO to say its state to.
func runKeepalived(ctx context.Context, out command.Output) int {
	c, err := configure(ctx, out, "keepalived", "keepalived.conf", render.Keepalived)
	if err != nil {
		return out.Code(err)
	}
	if c.shared {
		// Before keepalived does, which would remove it at its end.
		if err := makeFIFO(agentapi.NotifyFIFO); err != nil {
			fmt.Fprintln(out.Story, "halab agent: VRRP states won't be known:", err)
		}
	}
	if !render.Follows(c.version) || c.own {
		if c.mine == nil {
			return superviseKeepalived(ctx, c, out)
		}
		return obey(ctx, topology.ServiceKeepalived, out, func(inner context.Context) int { return superviseKeepalived(inner, c, out) }, reloadKeepalived)
	}
	args, err := c.prepareKeepalived()
	if err != nil {
		return out.Code(err)
	}
	err = unix.Exec(c.binary, append([]string{c.binary}, args...), os.Environ())
	return out.Code(fmt.Errorf("run %s: %w", c.binary, err))
}

// prepareKeepalived removes what an earlier keepalived left: pid files, for
// which a new one would end at once and call that a success, and the VIP, which
// a killed keepalived leaves on the interface. It returns keepalived's
// arguments.
func (c configured) prepareKeepalived() ([]string, error) {
	dir := c.run
	parent, vrrp, bfd := filepath.Join(dir, "keepalived.pid"), filepath.Join(dir, "keepalived-vrrp.pid"), filepath.Join(dir, "keepalived-bfd.pid")
	for _, path := range []string{parent, vrrp, bfd} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("an old pid file can't be removed, and keepalived would not start beside it: %w", err)
		}
	}
	if c.known {
		if err := machine.RemoveAddress(c.in.Interface, c.in.VIP.Addr()); err != nil {
			return nil, fmt.Errorf("a VIP that an earlier keepalived left: %w", err)
		}
	}
	args := []string{
		"--dont-fork", "--log-console", "--vrrp", "--use-file", c.path,
		"--pid", parent, "--vrrp_pid", vrrp,
	}
	if c.version.AtLeast(2, 3) {
		// 2.3.3 makes this file although it starts no BFD process, in /run where
		// none is named; where it can't, it says "daemon is already running" and ends.
		args = append(args, "--bfd_pid", bfd)
	}
	if c.mine != nil && c.mine.Keepalived.ID != "" {
		args = append(args, "--config-id", c.mine.Keepalived.ID)
	}
	return args, nil
}
