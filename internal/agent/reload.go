package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"halab/internal/agent/command"
	"halab/internal/agent/machine"
	"halab/internal/agent/own"
	"halab/internal/topology"

	"golang.org/x/sys/unix"
)

const (
	// reloadLimit is how long HAProxy may take until a new process serves: a file
	// with thousands of certificates takes seconds.
	reloadLimit = 20 * time.Second
	reloadPoll  = 5 * time.Millisecond
	// reloadProof is how long the new process must live. Since 3.1 it is there
	// before it has read its file, and ends when it refuses that.
	reloadProof = 300 * time.Millisecond
)

// runReload has a daemon of this node read its file again, as systemctl reload does.
func runReload(ctx context.Context, args []string, _ command.Output) error {
	// New files of the user's own may be somebody's whom nobody was before.
	if mine, err := own.This(); err == nil && mine != nil {
		if err := own.Furnish(*mine); err != nil {
			return err
		}
	}
	if len(args) == 1 {
		switch service := topology.Service(args[0]); service {
		case topology.ServiceHAProxy:
			return reloadHAProxy(ctx)
		case topology.ServiceKeepalived:
			return reloadKeepalived()
		}
	}
	return command.Usagef("reload haproxy|keepalived")
}

// reloadKeepalived sends the signal that keepalived reads its file again for
// (keepalived(8)). It answers nobody; what it makes of the file stands in its log.
func reloadKeepalived() error {
	pid, err := keepalivedPID()
	if err != nil {
		return err
	}
	return unix.Kill(pid, unix.SIGHUP)
}

// keepalivedPID is the process of this node's keepalived that takes its signals.
func keepalivedPID() (int, error) {
	all, err := machine.Processes()
	if err != nil {
		return 0, err
	}
	pid, runs := machine.Daemon(all, topology.ServiceKeepalived)
	if !runs {
		return 0, errors.New("no keepalived runs on this node")
	}
	return pid, nil
}

// reloadHAProxy asks HAProxy's supervisor for a reload, and waits until a process
// serves that was not there before.
func reloadHAProxy(ctx context.Context) error {
	supervisor, before, err := haproxies()
	switch {
	case err != nil:
		return err
	case supervisor == 0 || len(before) == 0:
		return errors.New("no HAProxy runs on this node")
	}
	if err := unix.Kill(supervisor, unix.SIGUSR2); err != nil {
		return fmt.Errorf("ask HAProxy's supervisor for a reload: %w", err)
	}
	var since time.Time
	for end := time.Now().Add(reloadLimit); ctx.Err() == nil; machine.Pause(ctx, reloadPoll) {
		_, now, err := haproxies()
		switch {
		case err != nil:
			return err
		case len(now) == 0:
			return errors.New("HAProxy ended instead of reading its file again; its reasons stand in its log")
		case !slices.ContainsFunc(now, func(pid int) bool { return !slices.Contains(before, pid) }):
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
		case time.Since(since) > reloadProof:
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("no new HAProxy process serves after %s, the one before goes on; why stands in its log", reloadLimit)
		}
	}
	return ctx.Err()
}

// haproxies are the supervisor and the processes of HAProxy.
func haproxies() (supervisor int, pids []int, err error) {
	all, err := machine.Processes()
	for _, p := range all {
		switch {
		case p.Supervises(topology.ServiceHAProxy):
			supervisor = p.PID
		case p.Is(topology.ServiceHAProxy):
			pids = append(pids, p.PID)
		}
	}
	return supervisor, pids, err
}
