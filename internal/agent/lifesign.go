package agent

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"halab/internal/render"
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
	// signInterval is the time between two signs of life.
	signInterval = 20 * time.Millisecond
	// signDeadline is how long one may take. A freeze is known after 75 to 95 ms.
	// HAProxy answers in a fraction of a millisecond; this much more is for a busy
	// machine, where the kernel lets it wait a few time slices.
	signDeadline = 75 * time.Millisecond
	// signGrace is left to the answer that is in the kernel when the deadline
	// passes: the agent may have been the one that was late.
	signGrace = 3 * time.Millisecond
	// lateLimit: when our own timer fires this late, we did not run, perhaps
	// nobody did, and HAProxy gets half a deadline more.
	lateLimit = 5 * time.Millisecond
	// redialInterval is the time between two tries to reach a HAProxy that is
	// gone.
	redialInterval = 5 * time.Millisecond
)

// lifesign follows one HAProxy.
type lifesign struct {
	address string
	report  func(h health, at moment) // called at changes only, never in parallel
	current health
}

// set reports a change.
func (l *lifesign) set(h health, at moment) {
	if l.current != h {
		l.current = h
		l.report(h, at)
	}
}

// run follows HAProxy until ctx ends.
func (l *lifesign) run(ctx context.Context) {
	dialer := net.Dialer{Timeout: signDeadline, KeepAlive: -1}
	for ctx.Err() == nil {
		conn, err := dialer.DialContext(ctx, "tcp4", l.address)
		if err == nil {
			l.follow(ctx, conn)
			conn.Close()
			continue
		}
		if ctx.Err() != nil {
			return
		}
		if isTimeout(err) {
			// The listener is there, its queue is full: nobody accepts.
			l.set(healthHung, now())
		} else {
			l.set(healthGone, now())
		}
		pause(ctx, redialInterval)
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// pause waits, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// sign is one answer, or the end of the connection.
type sign struct {
	at   moment
	last bool // HAProxy closes the connection after this answer
	err  error
}

// follow asks for signs of life on one connection until it ends. That a
// connection ends says nothing yet: HAProxy may close it after an answer (1.5
// does so each time). Only the next dial shows whether HAProxy is there, and it
// follows at once.
func (l *lifesign) follow(ctx context.Context, conn net.Conn) {
	signs := make(chan sign)
	quit := make(chan struct{})
	defer close(quit)
	go readSigns(conn, signs, quit)

	tick := time.NewTicker(signInterval)
	defer tick.Stop()
	overdue := time.NewTimer(time.Hour)
	defer overdue.Stop()
	var due time.Time // deadline of the open question; zero: none is open
	ask := func() bool {
		due = time.Now().Add(signDeadline)
		overdue.Reset(signDeadline)
		return l.ask(conn)
	}
	// A HAProxy that is not known to be up is asked at once.
	if l.current != healthUp && !ask() {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-signs:
			if s.err != nil {
				return
			}
			due = time.Time{}
			l.set(healthUp, s.at)
			if s.last {
				return
			}
		case <-tick.C:
			if due.IsZero() && !ask() {
				return
			}
		case <-overdue.C:
			if !l.overdue(signs, &due, overdue) {
				return
			}
		}
	}
}

// overdue decides what it means that a deadline has passed. It returns false
// when the connection ended meanwhile.
func (l *lifesign) overdue(signs <-chan sign, due *time.Time, timer *time.Timer) bool {
	if due.IsZero() || l.current == healthHung {
		return true
	}
	if early := time.Until(*due); early > 0 {
		timer.Reset(early)
		return true
	} else if -early > lateLimit {
		*due = time.Now().Add(signDeadline / 2)
		timer.Reset(signDeadline / 2)
		return true
	}
	grace := time.NewTimer(signGrace)
	defer grace.Stop()
	select {
	case s := <-signs:
		if s.err != nil || s.last {
			return false
		}
		*due = time.Time{}
		l.set(healthUp, s.at)
	case <-grace.C:
		l.set(healthHung, now())
	}
	return true
}

// ask sends one request.
func (l *lifesign) ask(conn net.Conn) bool {
	_, err := io.WriteString(conn, "GET "+render.AlivePath+" HTTP/1.1\r\nHost: node\r\n\r\n")
	return err == nil
}

// readSigns reads answers until the connection ends. Any answer is a sign of
// life, whatever its status.
func readSigns(conn net.Conn, signs chan<- sign, quit <-chan struct{}) {
	answers := bufio.NewReaderSize(conn, 2048)
	for {
		s := readSign(answers)
		select {
		case signs <- s:
		case <-quit:
			return
		}
		if s.err != nil || s.last {
			return
		}
	}
}

func readSign(answers *bufio.Reader) sign {
	answer, err := http.ReadResponse(answers, nil)
	if err != nil {
		return sign{at: now(), err: err}
	}
	at := now()
	_, err = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10))
	return sign{at: at, last: err != nil || answer.Close || answer.ProtoMajor == 1 && answer.ProtoMinor == 0}
}
