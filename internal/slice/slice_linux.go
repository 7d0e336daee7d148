// Package slice asks the kernel to run the calling process soon rather than
// long.
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

// Short gives every thread of the process the shortest slice; threads and
// processes that they start inherit it. It needs no privilege. Kernels before
// 6.12 take the call and change nothing; one that refuses it is an error.
func Short() error {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	var errs []error
	for _, task := range tasks {
		id, err := strconv.Atoi(task.Name())
		if err != nil {
			continue
		}
		err = unix.SchedSetAttr(id, &unix.SchedAttr{
			Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL, Runtime: Nanoseconds,
		}, 0)
		if err != nil && !errors.Is(err, unix.ESRCH) { // a thread may end meanwhile
			errs = append(errs, fmt.Errorf("ask for a short time slice: %w", err))
		}
	}
	return errors.Join(errs...)
}
