package agent

import (
	"errors"
	"fmt"
	"os"

	"halab/internal/agentapi"

	"golang.org/x/sys/unix"
)

// freezeNode makes a node as dead as a machine whose kernel has stopped: every
// process of it is stopped by one call of the kernel (kill(2) with -1), and its
// interface neither takes nor sends a frame, so that it answers no ARP and no
// SYN either. Process 1, which no signal stops, falls silent for its part; it
// keeps the record and the time.
func freezeNode() nodeFault {
	silence := filterFault(agentapi.FaultFreeze, func(faultSite, agentapi.FaultRecord) (dropping, error) {
		return dropping{in: []match{{}}, out: []match{{}}}, nil
	})
	return nodeFault{
		name: agentapi.FaultFreeze,
		apply: func(s faultSite, r agentapi.FaultRecord) error {
			if err := silence.apply(s, r); err != nil {
				return err
			}
			if err := unix.Kill(-1, unix.SIGSTOP); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("stop all processes: %w", err)
			}
			return nil
		},
		there: func(s faultSite, r agentapi.FaultRecord) error {
			if err := silence.there(s, r); err != nil {
				return err
			}
			return untilNone(running, unix.SIGSTOP)
		},
		undo: func(s faultSite, r agentapi.FaultRecord) error {
			stopped, err := frozenBy(s, r)
			return errors.Join(err, signalAll(stopped, unix.SIGCONT), silence.undo(s, r))
		},
		gone: func(s faultSite, r agentapi.FaultRecord) error {
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
func running() ([]process, error) {
	all, err := processes()
	var list []process
	for _, p := range all {
		if p.pid != 1 && p.pid != os.Getpid() && !p.faultAgent() && !p.stopped() {
			list = append(list, p)
		}
	}
	return list, err
}

// faultAgent says whether the process is one that applies or undoes faults.
func (p process) faultAgent() bool {
	return len(p.args) >= 4 && p.args[1] == "agent" && p.args[2] == agentapi.CommandFault && p.args[3] != commandBurnFault
}

// frozenBy lists the stopped processes that this freeze, and no other fault,
// keeps stopped.
func frozenBy(s faultSite, r agentapi.FaultRecord) ([]process, error) {
	records, err := s.store().records()
	if err != nil {
		return nil, err
	}
	all, err := processes()
	var list []process
	for _, p := range all {
		if !heldBy(p, records) && p.stopping() {
			list = append(list, p)
		}
	}
	return list, err
}

// heldBy says whether a process hangs by a fault of its service.
func heldBy(p process, records []agentapi.FaultRecord) bool {
	for _, r := range records {
		if r.Fault == agentapi.FaultHang && (p.is(serviceOf(r)) || p.supervises(serviceOf(r))) {
			return true
		}
	}
	return false
}
