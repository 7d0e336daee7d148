package probe

import "golang.org/x/sys/unix"

// descriptors is how many files and connections the prober makes room for: more
// than are ever open, and no more than a process may have by default.
const descriptors = 1000

// reserve makes the kernel's table of descriptors large. It grows by doubling,
// and in a process of several threads each growth waits until every processor
// has passed through the scheduler (expand_fdtable in the kernel's fs/file.c): 10
// ms and more without a probe, in the middle of the first outage that is long
// enough to keep 64 descriptors open. It never shrinks.
func reserve() {
	high, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, descriptors)
	if err == nil {
		unix.Close(high)
	} // otherwise it grows when it must, and the run says that it was late
}
