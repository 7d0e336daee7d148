package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"halab/internal/agentapi"
)

// heldConn is one connection, as often as it is opened.
type heldConn struct {
	*holder
	spec   agentapi.HeldSpec
	target target

	mu      sync.Mutex // while the socket is used: the first error on it is the true one
	number  int
	tcp     *net.TCPConn // nil: none is open
	conn    net.Conn     // tcp, or what encrypts over it
	broken  error        // what writing met; the kernel tells of an error but once
	buf     []byte
	waiting bool // for an answer
	closing bool // the server has said that it takes no more requests
}

// tell notes an event; the connection's lock is held.
func (c *heldConn) tell(at int64, what, how string, sent int) {
	c.holder.mu.Lock()
	defer c.holder.mu.Unlock()
	c.events = append(c.events, agentapi.HeldEvent{
		At: at, Name: c.spec.Name, VIP: c.spec.VIP, Number: c.number, What: what, How: how, Sent: sent,
	})
}

// open dials, where nothing is open, and uses the connection once. A plain client's
// socket is wanted: without keep-alive probes, and with the kernel's own patience.
func (c *heldConn) open() {
	c.mu.Lock()
	open := c.tcp != nil
	c.mu.Unlock()
	if open || c.ctx.Err() != nil {
		return
	}
	dialer := net.Dialer{Timeout: heldPatience, KeepAlive: -1}
	conn, err := dialer.DialContext(c.ctx, "tcp4", c.target.addr.String())
	if err != nil {
		return // nobody answers there now: there is nothing to hold
	}
	tcp := conn.(*net.TCPConn) // as dialled
	if c.target.scheme == "tls" {
		secure := tls.Client(conn, anyServer(c.spec.ServerName))
		ctx, cancel := context.WithTimeout(c.ctx, secureTime)
		err := secure.HandshakeContext(ctx)
		cancel()
		if err != nil {
			_ = tcp.Close()
			return
		}
		conn = secure
	}
	c.mu.Lock()
	c.number++
	c.tcp, c.conn, c.buf, c.broken, c.waiting, c.closing = tcp, conn, nil, nil, false, false
	c.tell(c.clock.now(), agentapi.HeldOpened, "", 0)
	c.mu.Unlock()
	c.use()
	go c.read(conn, tcp)
	if c.spec.EveryMs > 0 && len(c.target.request) > 0 {
		go c.keepBusy(tcp)
	}
}

// keepBusy uses the connection again and again, as long as it is this one.
func (c *heldConn) keepBusy(tcp *net.TCPConn) {
	tick := time.NewTicker(time.Duration(c.spec.EveryMs) * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-tick.C:
		}
		c.mu.Lock()
		mine := c.tcp == tcp
		c.mu.Unlock()
		if !mine {
			return
		}
		c.use()
	}
}

// use asks, unless an answer is waited for. A connection on which nothing can be said
// is left to the kernel, which sends a segment without content that must be
// acknowledged (tcp(7), SO_KEEPALIVE).
func (c *heldConn) use() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tcp == nil || c.waiting || c.closing {
		return
	}
	if len(c.target.request) == 0 {
		_ = c.tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: time.Second, Interval: time.Second})
		return
	}
	c.waiting = true
	c.tell(c.clock.now(), agentapi.HeldAsked, "", 0)
	_, c.broken = c.conn.Write(c.target.request)
}

func (c *heldConn) waits() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tcp != nil && c.waiting
}

// read takes what comes until the connection ends.
func (c *heldConn) read(conn net.Conn, tcp *net.TCPConn) {
	chunk := make([]byte, 4<<10)
	for {
		n, err := conn.Read(chunk)
		at := c.clock.now()
		c.mu.Lock()
		if c.tcp != tcp { // let go of
			c.mu.Unlock()
			return
		}
		c.take(at, chunk[:n], err != nil)
		if err != nil {
			c.tell(at, agentapi.HeldEnded, c.how(err), 0)
			c.drop()
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
	}
}

// take adds to the answer; the lock is held.
func (c *heldConn) take(at int64, b []byte, eof bool) {
	if !c.waiting {
		return // it spoke unasked, as a server of SMTP does
	}
	c.buf = append(c.buf, b...)
	if r, state := c.target.parse(c.buf, eof); state != replyPartial && len(c.buf) > 0 {
		c.waiting, c.closing, c.buf = false, r.close, nil
		c.tell(at, agentapi.HeldAnswered, "", 0)
	}
}

// how says how the connection ended; the lock is held. The kernel tells of a reset
// once, to whoever asks first, and afterwards of an end of the stream: a socket that was
// reset is closed for good, one that got a FIN still can send.
func (c *heldConn) how(err error) string {
	if c.broken != nil {
		err = c.broken
	}
	switch {
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "rst"
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return err.Error()
	case c.info().State == tcpClose:
		return "rst"
	}
	return "fin"
}

// tcpClose is TCP_CLOSE of the kernel's net/tcp_states.h.
const tcpClose = 7

// info is what the kernel knows of the connection; the lock is held.
func (c *heldConn) info() unix.TCPInfo {
	var info unix.TCPInfo
	raw, err := c.tcp.SyscallConn()
	if err != nil {
		return info
	}
	_ = raw.Control(func(fd uintptr) {
		if i, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			info = *i
		}
	})
	return info
}

// leave lets go of a connection that waits for an answer.
func (c *heldConn) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tcp == nil {
		return
	}
	info := c.info()
	if !c.waiting && info.Probes == 0 {
		return
	}
	c.tell(c.clock.now(), agentapi.HeldLeft, "", int(max(info.Retransmits, info.Probes)))
	c.drop()
}

// drop closes the connection without a word more; the lock is held.
func (c *heldConn) drop() {
	_ = c.tcp.SetLinger(0)
	_ = c.tcp.Close()
	c.tcp, c.conn = nil, nil
}
