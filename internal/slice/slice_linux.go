// Package slice asks the kernel to run the calling process as soon as it wakes:
// by a real-time policy where it may have one, by a short time slice elsewhere.
package slice

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Nanoseconds is the time slice that Short asks for, the least the kernel
// takes. Since Linux 6.12 a fair task with a shorter slice than the running
// one's has an earlier deadline and preempts it when it wakes; it gets no more
// processor time for it, only sooner. sched_setattr(2), sched_runtime.
const Nanoseconds = 100_000

// Priority is the real-time priority that Realtime asks for: above everything
// that is not real-time, below the kernel's own threads of that kind, which
// begin at 50. sched(7).
const Priority = 10

// Realtime gives every thread of the process the policy SCHED_FIFO; threads and
// processes that they start inherit it. It needs CAP_SYS_NICE, and where groups
// have real-time budgets (CONFIG_RT_GROUP_SCHED) a group that has one.
func Realtime() error {
	return each(self, func(id int) error {
		return unix.SchedSetAttr(id, &unix.SchedAttr{
			Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: Priority,
		}, 0)
	})
}

// Ordinary takes a real-time policy back.
func Ordinary() error { return ordinary(self) }

// OrdinaryOf takes it from another process; that needs CAP_SYS_NICE.
func OrdinaryOf(pid int) error { return ordinary(strconv.Itoa(pid)) }

func ordinary(process string) error {
	return each(process, func(id int) error {
		return unix.SchedSetAttr(id, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL}, 0)
	})
}

// Short gives every thread of the process the shortest slice; threads and
// processes that they start inherit it. It needs no privilege. Kernels before
// 6.12 take the call and change nothing; one that refuses it is an error.
func Short() error {
	return each(self, func(id int) error {
		return unix.SchedSetAttr(id, &unix.SchedAttr{
			Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL, Runtime: Nanoseconds,
		}, 0)
	})
}

// self is the calling process in /proc.
const self = "self"

// each calls set for every thread of a process.
func each(process string, set func(id int) error) error {
	tasks, err := os.ReadDir("/proc/" + process + "/task")
	if err != nil {
		return err
	}
	var errs []error
	for _, task := range tasks {
		id, err := strconv.Atoi(task.Name())
		if err != nil {
			continue
		}
		if err := set(id); err != nil && !errors.Is(err, unix.ESRCH) { // a thread may end meanwhile
			errs = append(errs, fmt.Errorf("set how thread %d is scheduled: %w", id, err))
		}
	}
	return errors.Join(errs...)
}
