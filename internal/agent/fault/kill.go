package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"halab/internal/agent/command"
	"halab/internal/agent/machine"
	"halab/internal/agentapi"
	"halab/internal/topology"

	"golang.org/x/sys/unix"
)

// Kill ends every process of a service as a power cut would.
func Kill(args []string, out command.Output) error {
	if len(args) != 1 {
		return command.Usagef("kill app|haproxy|keepalived")
	}
	service := topology.Service(args[0])
	switch service {
	case topology.ServiceApp, topology.ServiceHAProxy, topology.ServiceKeepalived:
	default:
		return command.Usagef("kill app|haproxy|keepalived, not %q", args[0])
	}
	all, err := machine.Processes()
	if err != nil {
		return err
	}
	victims := victims(all, service)
	if len(victims) == 0 {
		return fmt.Errorf("no process of %s runs on this node", service)
	}
	reply, err := killTogether(victims)
	reply.Service = string(service)
	return errors.Join(err, json.NewEncoder(out.Answer).Encode(reply))
}

// victims lists the processes of a service and its supervisor, children before
// their parents.
func victims(all []machine.Process, service topology.Service) []int {
	parents := map[int]int{}
	for _, p := range all {
		if p.Is(service) || p.Supervises(service) {
			parents[p.PID] = p.Parent
		}
	}
	depth := func(pid int) (n int) {
		for range len(parents) {
			parent, ok := parents[pid]
			if !ok {
				break
			}
			n, pid = n+1, parent
		}
		return n
	}
	var pids []int
	for pid := range parents {
		pids = append(pids, pid)
	}
	slices.SortFunc(pids, func(a, b int) int {
		if d := depth(b) - depth(a); d != 0 {
			return d
		}
		return a - b
	})
	return pids
}

// killTogether stops all processes, parents first, so that none reacts to the
// death of another, and then kills them, children first. Without that a
// keepalived child hears of its parent's death and says goodbye.
func killTogether(pids []int) (agentapi.KillReply, error) {
	reply := agentapi.KillReply{Killed: []int{}}
	var failed []error
	for _, pid := range slices.Backward(pids) {
		if err := unix.Kill(pid, unix.SIGSTOP); err != nil && !errors.Is(err, unix.ESRCH) {
			failed = append(failed, fmt.Errorf("stop process %d: %w", pid, err))
		}
	}
	reply.Mono = machine.Monotonic()
	for _, pid := range pids {
		switch err := unix.Kill(pid, unix.SIGKILL); {
		case err == nil:
			reply.Killed = append(reply.Killed, pid)
		case !errors.Is(err, unix.ESRCH):
			failed = append(failed, fmt.Errorf("kill process %d: %w", pid, err))
		}
	}
	return reply, errors.Join(failed...)
}
