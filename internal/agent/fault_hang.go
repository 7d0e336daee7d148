package agent

import (
	"errors"
	"fmt"
	"time"

	"halab/internal/agentapi"
	"halab/internal/topology"

	"golang.org/x/sys/unix"
)

// hangService stops every process of one service, with a record, so that the
// node itself can let them go on when the time is over.
func hangService() nodeFault {
	return nodeFault{
		name: agentapi.FaultHang,
		prepare: func(_ faultSite, r *agentapi.FaultRecord) error {
			running, err := serviceProcesses(r.Service)
			if err == nil && len(running) == 0 {
				err = fmt.Errorf("no process of %s runs on this node", r.Service)
			}
			return err
		},
		apply: func(_ faultSite, r agentapi.FaultRecord) error {
			return untilNone(func() ([]process, error) { return awake(r.Service) }, unix.SIGSTOP)
		},
		there: func(_ faultSite, r agentapi.FaultRecord) error {
			left, err := awake(r.Service)
			if err == nil && len(left) > 0 {
				err = fmt.Errorf("%d processes of %s still run", len(left), r.Service)
			}
			return err
		},
		undo: func(_ faultSite, r agentapi.FaultRecord) error {
			all, err := serviceProcesses(r.Service)
			if err != nil {
				return err
			}
			return signalAll(all, unix.SIGCONT)
		},
		gone: func(_ faultSite, r agentapi.FaultRecord) error {
			all, err := serviceProcesses(r.Service)
			for _, p := range all {
				if p.stopping() {
					return fmt.Errorf("process %d of %s is still stopped", p.pid, r.Service)
				}
			}
			return err
		},
	}
}

// serviceProcesses lists the processes of a service and of its supervisor.
func serviceProcesses(service string) ([]process, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	var list []process
	for _, p := range all {
		if s := topology.Service(service); p.is(s) || p.supervises(s) {
			list = append(list, p)
		}
	}
	return list, nil
}

// awake lists those that are not stopped.
func awake(service string) ([]process, error) {
	all, err := serviceProcesses(service)
	var list []process
	for _, p := range all {
		if !p.stopped() {
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
func untilNone(find func() ([]process, error), s unix.Signal) error {
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

func signalAll(list []process, s unix.Signal) error {
	var failed []error
	for _, p := range list {
		if err := unix.Kill(p.pid, s); err != nil && !errors.Is(err, unix.ESRCH) {
			failed = append(failed, fmt.Errorf("signal %s to process %d: %w", unix.SignalName(s), p.pid, err))
		}
	}
	return errors.Join(failed...)
}

func serviceOf(r agentapi.FaultRecord) topology.Service { return topology.Service(r.Service) }
