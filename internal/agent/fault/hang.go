package fault

import (
	"errors"
	"fmt"
	"time"

	"halab/internal/agent/machine"
	"halab/internal/agentapi"
	"halab/internal/topology"

	"golang.org/x/sys/unix"
)

// hangService stops every process of one service, with a record, so that the
// node itself can let them go on when the time is over.
func hangService() applier {
	return applier{
		name: agentapi.FaultHang,
		prepare: func(_ Site, r *agentapi.FaultRecord) error {
			running, err := serviceProcesses(r.Service)
			if err == nil && len(running) == 0 {
				err = fmt.Errorf("no process of %s runs on this node", r.Service)
			}
			return err
		},
		apply: func(_ Site, r agentapi.FaultRecord) error {
			return untilNone(func() ([]machine.Process, error) { return awake(r.Service) }, unix.SIGSTOP)
		},
		there: func(_ Site, r agentapi.FaultRecord) error {
			left, err := awake(r.Service)
			if err == nil && len(left) > 0 {
				err = fmt.Errorf("%d processes of %s still run", len(left), r.Service)
			}
			return err
		},
		undo: func(_ Site, r agentapi.FaultRecord) error {
			all, err := serviceProcesses(r.Service)
			if err != nil {
				return err
			}
			return signalAll(all, unix.SIGCONT)
		},
		gone: func(_ Site, r agentapi.FaultRecord) error {
			all, err := serviceProcesses(r.Service)
			for _, p := range all {
				if p.Stopping() {
					return fmt.Errorf("process %d of %s is still stopped", p.PID, r.Service)
				}
			}
			return err
		},
	}
}

// serviceProcesses lists the processes of a service and of its supervisor.
func serviceProcesses(service string) ([]machine.Process, error) {
	all, err := machine.Processes()
	if err != nil {
		return nil, err
	}
	var list []machine.Process
	for _, p := range all {
		if s := topology.Service(service); p.Is(s) || p.Supervises(s) {
			list = append(list, p)
		}
	}
	return list, nil
}

// awake lists those that are not stopped.
func awake(service string) ([]machine.Process, error) {
	all, err := serviceProcesses(service)
	var list []machine.Process
	for _, p := range all {
		if !p.Stopped() {
			list = append(list, p)
		}
	}
	return list, err
}

// stopTime bounds the wait until processes are stopped, and stopPause is how
// often they are looked for again: on a busy machine a process stops when its
// turn comes, and may have made another until then.
const (
	stopTime  = 2 * time.Second
	stopPause = time.Millisecond
)

// untilNone signals what find finds until it finds no more.
func untilNone(find func() ([]machine.Process, error), s unix.Signal) error {
	for end := time.Now().Add(stopTime); ; time.Sleep(stopPause) {
		list, err := find()
		if err != nil || len(list) == 0 {
			return err
		}
		if err := signalAll(list, s); err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("after %s %d processes still run", stopTime, len(list))
		}
	}
}

func signalAll(list []machine.Process, s unix.Signal) error {
	var failed []error
	for _, p := range list {
		if err := unix.Kill(p.PID, s); err != nil && !errors.Is(err, unix.ESRCH) {
			failed = append(failed, fmt.Errorf("signal %s to process %d: %w", unix.SignalName(s), p.PID, err))
		}
	}
	return errors.Join(failed...)
}

func serviceOf(r agentapi.FaultRecord) topology.Service { return topology.Service(r.Service) }
