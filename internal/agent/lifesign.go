package agent

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"halab/internal/agentapi"
	"halab/internal/render"

	"golang.org/x/sys/unix"
)

// health is what is known of HAProxy.
type health string

const (
	healthUp   health = "up"
	healthGone health = "gone"
	healthHung health = "hung"
)

// How HAProxy is followed. A connection is always held to it: when its process
// ends, the kernel closes the connection, and that is known in well under a
// millisecond. A frozen process keeps its connections, so it is also asked for
// a sign of life.
const (
	// lateLimit: when we wake this late, we did not run, perhaps nobody did, and
	// HAProxy gets half a deadline more.
	lateLimit = 5 * time.Millisecond
	// redialInterval is the time between two tries to reach a HAProxy that is
	// gone.
	redialInterval = 5 * time.Millisecond
)

// lifesign follows one HAProxy. It asks fifty times a second for as long as a
// lab is up, so what a question costs counts: there is one wait for the answer,
// the end of the connection, the next moment to ask and the end of ctx.
type lifesign struct {
	address netip.AddrPort
	report  func(h health, at moment) // called at changes only, never in parallel
	current health

	slower atomic.Int64 // how many times longer everything may take; 0 is once
	waits  lateness
	waiter *waiter
}

// times is a time as it is on this machine.
func (l *lifesign) times(d time.Duration) time.Duration {
	return d * time.Duration(max(1, l.slower.Load()))
}

// wait waits, and notes whether it woke in time.
func (l *lifesign) wait(most time.Duration) (ready bool, err error) {
	begin := time.Now()
	ready, err = l.waiter.wait(most)
	if !ready && err == nil {
		l.waits.note(time.Since(begin) - most)
	}
	return ready, err
}

// set reports a change.
func (l *lifesign) set(h health) {
	if l.current != h {
		l.current = h
		l.report(h, now())
	}
}

// run follows HAProxy until ctx ends.
func (l *lifesign) run(ctx context.Context) error {
	w, err := newWaiter(ctx)
	if err != nil {
		return err
	}
	defer w.close()
	l.waiter = w
	for ctx.Err() == nil {
		conn, err := l.dial()
		if err == nil {
			l.follow(conn)
			l.hangUp(conn)
			continue
		}
		if ctx.Err() != nil {
			break
		}
		if errors.Is(err, unix.ETIMEDOUT) {
			// The listener is there, its queue is full: nobody accepts.
			l.set(healthHung)
		} else {
			l.set(healthGone)
		}
		_, _ = l.wait(l.times(redialInterval))
	}
	return nil
}

func (l *lifesign) hangUp(conn int) {
	l.waiter.forget()
	_ = unix.Close(conn)
}

// dial connects; ETIMEDOUT says that nobody took the connection in time.
func (l *lifesign) dial() (int, error) {
	conn, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	err = unix.Connect(conn, &unix.SockaddrInet4{Addr: l.address.Addr().As4(), Port: int(l.address.Port())})
	if errors.Is(err, unix.EINPROGRESS) {
		err = l.connected(conn)
	}
	if err != nil {
		l.hangUp(conn)
		return -1, err
	}
	_ = unix.SetsockoptInt(conn, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) // best effort: one question is one segment anyway
	return conn, nil
}

// connected waits until it is known what became of a connection.
func (l *lifesign) connected(conn int) error {
	if err := l.waiter.watch(conn, unix.EPOLLOUT); err != nil {
		return err
	}
	ready, err := l.wait(l.times(agentapi.SignDeadline))
	switch {
	case err != nil:
		return err
	case !ready:
		return unix.ETIMEDOUT
	}
	code, err := unix.GetsockoptInt(conn, unix.SOL_SOCKET, unix.SO_ERROR)
	if code != 0 {
		err = unix.Errno(code)
	}
	return err
}

// question is what is open on a connection.
type question struct {
	next   time.Time // when to ask again
	due    time.Time // deadline of the open question; zero: none is open
	graced bool      // the deadline has passed, the grace has not
}

// follow asks for signs of life on one connection until it ends. That a
// connection ends says nothing yet: HAProxy may close it after an answer (1.5
// does so each time). Only the next dial shows whether HAProxy is there, and it
// follows at once.
func (l *lifesign) follow(conn int) {
	q := question{next: time.Now()}
	if l.current == healthUp { // one that is not known to be up is asked at once
		q.next = q.next.Add(l.times(agentapi.SignInterval))
	}
	request := []byte("GET " + render.AlivePath + " HTTP/1.1\r\nHost: node\r\n\r\n")
	var answer [4096]byte
	for {
		at := time.Now()
		if q.due.IsZero() && !at.Before(q.next) {
			if err := writeNow(conn, request); err != nil {
				return
			}
			q = question{next: at.Add(l.times(agentapi.SignInterval)), due: at.Add(l.times(agentapi.SignDeadline))}
		}
		events, most := l.patience(q, at)
		if err := l.waiter.watch(conn, events); err != nil {
			return
		}
		if _, err := l.wait(most); err != nil {
			return
		}
		// Whatever comes is a sign of life. An answer fits one segment; should its
		// rest come later, that is one more.
		switch n, err := readNow(conn, answer[:]); {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
			l.overdue(&q)
		case n <= 0 || err != nil:
			return
		case !q.due.IsZero():
			q.due = time.Time{}
			l.set(healthUp)
		}
	}
}

// patience says what to wait for and how long. The answer of a HAProxy that is
// up is not waited for: it is there when the next question is due, and until
// then only the end of the connection is news, so that a question wakes the
// thread once and not twice. An answer that is missing then is waited for to its
// deadline. One that hangs is not asked again, and any answer of it counts.
func (l *lifesign) patience(q question, at time.Time) (events uint32, most time.Duration) {
	switch {
	case l.current == healthUp && at.Before(q.next):
		return unix.EPOLLRDHUP, q.next.Sub(at)
	case l.current == healthHung:
		return unix.EPOLLIN, -1
	}
	return unix.EPOLLIN, max(0, q.due.Sub(at))
}

// overdue decides what it means that no answer came, where one is due.
func (l *lifesign) overdue(q *question) {
	at := time.Now()
	late := at.Sub(q.due)
	switch {
	case q.due.IsZero() || late < 0 || l.current == healthHung:
	case q.graced:
		l.set(healthHung)
	case late > l.times(lateLimit):
		q.due = at.Add(l.times(agentapi.SignDeadline) / 2)
	default:
		q.due, q.graced = at.Add(l.times(agentapi.SignGrace)), true
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}
