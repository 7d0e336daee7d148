package fault

import (
	"errors"
	"fmt"
	"os"

	"halab/internal/agent/machine"
	"halab/internal/agentapi"

	"golang.org/x/sys/unix"
)

// freezeNode makes a node as dead as a machine whose kernel has stopped: every
// process of it is stopped by one call of the kernel (kill(2) with -1), and its
// interface neither takes nor sends a frame, so that it answers no ARP and no
// SYN either. Process 1, which no signal stops, falls silent for its part; it
// keeps the record and the time.
func freezeNode() applier {
	silence := filterFault(agentapi.FaultFreeze, func(Site, agentapi.FaultRecord) (dropping, error) {
		return dropping{in: []match{{}}, out: []match{{}}}, nil
	})
	return applier{
		name: agentapi.FaultFreeze,
		apply: func(s Site, r agentapi.FaultRecord) error {
			if err := silence.apply(s, r); err != nil {
				return err
			}
			if err := unix.Kill(-1, unix.SIGSTOP); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("stop all processes: %w", err)
			}
			return nil
		},
		there: func(s Site, r agentapi.FaultRecord) error {
			if err := silence.there(s, r); err != nil {
				return err
			}
			return untilNone(running, unix.SIGSTOP)
		},
		undo: func(s Site, r agentapi.FaultRecord) error {
			stopped, err := frozenBy(s, r)
			return errors.Join(err, signalAll(stopped, unix.SIGCONT), silence.undo(s, r))
		},
		gone: func(s Site, r agentapi.FaultRecord) error {
			stopped, err := frozenBy(s, r)
			if err == nil && len(stopped) > 0 {
				err = fmt.Errorf("%d processes are still stopped", len(stopped))
			}
			return errors.Join(err, silence.gone(s, r))
		},
	}
}

// running lists the processes that a freeze should have stopped. Those of the
// agent that is at work are not among them.
func running() ([]machine.Process, error) {
	all, err := machine.Processes()
	var list []machine.Process
	for _, p := range all {
		if p.PID != 1 && p.PID != os.Getpid() && !isAgent(p) && !p.Stopped() {
			list = append(list, p)
		}
	}
	return list, err
}

// isAgent says whether a process is one that applies or undoes faults.
func isAgent(p machine.Process) bool {
	return len(p.Args) >= 4 && p.Args[1] == "agent" && p.Args[2] == agentapi.CommandFault && p.Args[3] != commandBurnFault
}

// frozenBy lists the stopped processes that this freeze, and no other fault,
// keeps stopped.
func frozenBy(s Site, r agentapi.FaultRecord) ([]machine.Process, error) {
	records, err := s.store().records()
	if err != nil {
		return nil, err
	}
	all, err := machine.Processes()
	var list []machine.Process
	for _, p := range all {
		if !heldBy(p, records) && p.Stopping() {
			list = append(list, p)
		}
	}
	return list, err
}

// heldBy says whether a process hangs by a fault of its service.
func heldBy(p machine.Process, records []agentapi.FaultRecord) bool {
	for _, r := range records {
		if r.Fault == agentapi.FaultHang && (p.Is(serviceOf(r)) || p.Supervises(serviceOf(r))) {
			return true
		}
	}
	return false
}
