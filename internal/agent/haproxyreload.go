package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"halab/internal/agent/command"

	"golang.org/x/sys/unix"
)

// haproxy is what the supervisor of HAProxy has: the one that serves, and after a
// reload the one before it for as long as that finishes what it has in hand.
type haproxy struct {
	c           configured
	out         command.Output
	gentle      bool // a stop hands the VIP over first
	now, before *child
}

// masters says whether this HAProxy has a master process, which reloads by itself
// and passes the listeners on, so that no connection is refused (since 1.8; the
// management guide, section 4).
func (h *haproxy) masters() bool { return h.c.version.AtLeast(1, 8) }

// start starts HAProxy in the foreground.
func (h *haproxy) start(more ...string) (*child, error) {
	args := []string{"-db"}
	for _, file := range h.c.files() {
		args = append(args, "-f", file)
	}
	if h.c.mine != nil {
		args = append(args, "-p", filepath.Join(h.c.run, "haproxy.pid")) // as distributions start it: scripts read that file
	}
	args = append(args, more...)
	if h.masters() {
		args = append([]string{"-W"}, args...)
	}
	return startChild(h.out, h.c.binary, args...)
}

// supervise waits for HAProxy's end and passes signals on. The first one that asks
// for an end is carried out gently where that is wanted; a second one is passed on
// as it is.
func (h *haproxy) supervise(signals <-chan os.Signal) int {
	for {
		var former <-chan int
		if h.before != nil {
			former = h.before.ended
		}
		select {
		case code := <-h.now.ended:
			if h.before == nil {
				return code
			}
			fmt.Fprintf(h.out.Story, "halab agent: the HAProxy that was to take over ended with %d; its reasons stand above, and the one before goes on\n", code)
			h.now, h.before = h.before, nil
		case <-former:
			h.before = nil
		case s := <-signals:
			if code, ended := h.take(s, signals); ended {
				return code
			}
		}
	}
}

// take carries a signal out.
func (h *haproxy) take(s os.Signal, signals <-chan os.Signal) (code int, ended bool) {
	ends := s == unix.SIGTERM || s == unix.SIGINT || s == unix.SIGUSR1
	switch {
	case ends && h.gentle:
		h.gentle = false
		return h.now.stopGently(h.c.in, signals)
	case s == unix.SIGUSR2 && !h.masters():
		h.renew()
	default:
		_ = h.now.process.Signal(s)
	}
	return 0, false
}

// renew is a reload of a HAProxy without a master: the new process asks the old one
// to end once it listens itself (-sf). One that refuses its file ends before that.
func (h *haproxy) renew() {
	next, err := h.start("-sf", strconv.Itoa(h.now.process.Pid))
	if err != nil {
		fmt.Fprintln(h.out.Story, "halab agent: no reload:", err)
		return
	}
	h.now, h.before = next, h.now
}
