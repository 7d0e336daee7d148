package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"halab/internal/agent/machine"
	"halab/internal/agentapi"
	"halab/internal/topology"

	"golang.org/x/sys/unix"
)

const (
	// findInterval is the time between two looks for a process that is not
	// there.
	findInterval = 50 * time.Millisecond
	// stalePoll is the time between two looks at a process on kernels without
	// pidfd_open (before Linux 5.3).
	stalePoll = 20 * time.Millisecond
)

// watchProcess reports when a service's process comes and goes.
func watchProcess(ctx context.Context, service topology.Service, report func(up bool, at moment)) {
	for ctx.Err() == nil {
		all, err := machine.Processes()
		pid, found := machine.Daemon(all, service)
		if err != nil || !found {
			machine.Pause(ctx, findInterval)
			continue
		}
		waitGone(ctx, pid, func() { report(true, now()) })
		if ctx.Err() == nil {
			report(false, now())
		}
	}
}

// waitGone waits until a process has ended or ctx has. found is called once the
// process is held, so that its number can't be anybody else's.
func waitGone(ctx context.Context, pid int, found func()) {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return
	}
	found()
	if err != nil {
		for ctx.Err() == nil && isAlive(pid) {
			machine.Pause(ctx, stalePoll)
		}
		return
	}
	defer unix.Close(fd)
	wait := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for ctx.Err() == nil {
		if n, err := unix.Poll(wait, 1000); n > 0 || err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// isAlive says whether a process exists and is no zombie.
func isAlive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	p, ok := machine.ParseStat(stat)
	return ok && p.State != 'Z' && p.State != 'X'
}

// noteKeepalived notes that keepalived came or went. Its VRRP state is not
// known any more when it went without a word; its VIP may well still be there.
func noteKeepalived(r *recorder, up bool, at moment) {
	e := agentapi.Event{Name: agentapi.EventKeepalivedGone}
	if up {
		e.Name = agentapi.EventKeepalivedUp
	}
	r.note(at, e, func(s *agentapi.State, _ *agentapi.Event) bool {
		s.Keepalived = presence(up)
		if !up && s.VRRP != "STOP" {
			s.VRRP, s.Instances = "", nil
		}
		return true
	})
}

// noteHAProxy notes that HAProxy's process came or went, where it is not asked.
func noteHAProxy(r *recorder, up bool, at moment) {
	e := agentapi.Event{Name: agentapi.EventHAProxyGone}
	if up {
		e.Name = agentapi.EventHAProxyUp
	}
	r.note(at, e, func(s *agentapi.State, e *agentapi.Event) bool {
		e.From, e.To = s.HAProxy, presence(up)
		s.HAProxy = e.To
		return true
	})
}

// noteApp notes that the app came or went.
func noteApp(r *recorder, up bool, at moment) {
	e := agentapi.Event{Name: agentapi.EventAppGone}
	if up {
		e.Name = agentapi.EventAppUp
	}
	r.note(at, e, func(s *agentapi.State, _ *agentapi.Event) bool {
		s.App = presence(up)
		return true
	})
}

func presence(up bool) string {
	if up {
		return "up"
	}
	return "gone"
}
