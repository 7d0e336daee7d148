package agent

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// waiter waits for one descriptor at a time, for a moment, and for the end of a
// context, and what it does costs one wake-up and next to nothing else.
//
// A call of the kernel through package unix tells the runtime that the thread may
// be blocked. The runtime then wakes its monitor, which looks every 20 µs whether
// it is, and may wake a third thread to take over: fifty waits a second took 3.6 %
// of a core for that alone. So a waiter blocks where the runtime itself does, in
// its poller, by an epoll of its own that the poller waits for (epoll(7): an epoll
// descriptor can be polled); and what never blocks, it asks of the kernel without
// telling the runtime.
type waiter struct {
	file    *os.File // the epoll
	poll    syscall.RawConn
	epoll   int
	timer   int // timerfd_create(2): the runtime's own timers are late by up to 1 ms or early, and then wake twice
	watched int // descriptor
	events  uint32
	ready   [2]unix.EpollEvent
	found   int // of ready
	stop    func() bool
}

// errEnds says that the context has ended.
var errEnds = errors.New("asked to end")

// newWaiter makes a waiter for as long as ctx lasts; close it then.
func newWaiter(ctx context.Context) (*waiter, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	w := &waiter{epoll: epoll, timer: -1, watched: -1}
	if err = unix.SetNonblock(epoll, true); err == nil { // so that os.NewFile hands it to the poller
		w.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	}
	if err == nil {
		err = unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, w.timer, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(w.timer)})
	}
	w.file = os.NewFile(uintptr(epoll), "epoll")
	if err == nil {
		w.poll, err = w.file.SyscallConn()
	}
	w.stop = context.AfterFunc(ctx, func() { _ = w.file.Close() }) // ends a wait that is under way
	if err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *waiter) close() {
	if w.stop() {
		_ = w.file.Close()
	}
	_ = unix.Close(w.timer)
}

// watch says which descriptor to wait for; one that was watched before must be
// closed or the same.
func (w *waiter) watch(fd int, events uint32) error {
	if fd == w.watched && events == w.events {
		return nil
	}
	how := unix.EPOLL_CTL_MOD
	if fd != w.watched {
		how = unix.EPOLL_CTL_ADD
	}
	w.watched, w.events = fd, events
	return unix.EpollCtl(w.epoll, how, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

// forget says that the descriptor that was watched is closed.
func (w *waiter) forget() { w.watched = -1 }

// wait waits for what is watched, for the end of the context, which is errEnds,
// and at most for a time; a time below 0 is for ever.
func (w *waiter) wait(most time.Duration) (ready bool, err error) {
	var at unix.ItimerSpec // zero: never
	if most >= 0 {
		at.Value = unix.NsecToTimespec(max(1, most.Nanoseconds()))
	}
	if _, _, e := unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, uintptr(w.timer), 0, uintptr(unsafe.Pointer(&at)), 0, 0, 0); e != 0 {
		return false, os.NewSyscallError("timerfd_settime", e)
	}
	if err := w.poll.Read(w.look); err != nil {
		return false, errEnds
	}
	for _, e := range w.ready[:w.found] {
		ready = ready || int(e.Fd) == w.watched
	}
	return ready, nil
}

// look says whether there is something to be found.
func (w *waiter) look(uintptr) bool {
	n, _, e := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(w.epoll), uintptr(unsafe.Pointer(&w.ready)), uintptr(len(w.ready)), 0, 0, 0)
	if w.found = int(n); e != 0 {
		w.found = 0
	}
	return w.found > 0
}

// readNow and writeNow are read(2) and write(2) on a descriptor that never blocks.
func readNow(fd int, p []byte) (int, error) {
	n, _, e := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if e != 0 {
		return 0, e
	}
	return int(n), nil
}

func writeNow(fd int, p []byte) error {
	if _, _, e := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p))); e != 0 {
		return e
	}
	return nil
}
