package probe

import (
	"errors"

	"golang.org/x/sys/unix"
)

// dial opens a connection for a flight and, where the handshake is through at
// once, sends its request.
func (p *prober) dial(s *stream, f *flight) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		p.finish(s, f, reply{}, "dial")
		return
	}
	c := &conn{fd: fd, stream: s, flight: f}
	f.conn, f.dialled = c, true
	id := p.slots.add(c)
	if s.spec.Held {
		s.held = c
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	err = unix.Connect(fd, &unix.SockaddrInet4{Addr: s.target.addr.Addr().As4(), Port: int(s.target.addr.Port())})
	if err != nil && err != unix.EINPROGRESS {
		p.fail(c, failure(err, false))
		return
	}
	if local, err := unix.Getsockname(fd); err == nil {
		if in4, ok := local.(*unix.SockaddrInet4); ok {
			c.port = uint16(in4.Port)
		}
	}
	// On one machine the handshake is often through by now; that saves a turn.
	news := uint32(unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET)
	request := s.target.request
	if len(request) == 0 { // writing nothing would not tell whether it is through
		p.watch(c, id, news|unix.EPOLLOUT)
		return
	}
	switch n, err := unix.Write(fd, request); {
	case err == nil && n == len(request) && !s.spec.Held:
		c.up, c.wrote = true, n
	case err == nil:
		c.up, c.wrote = true, n
		news |= unix.EPOLLOUT
	case err == unix.EAGAIN || err == unix.EINTR:
		news |= unix.EPOLLOUT
	default:
		p.fail(c, failure(err, false))
		return
	}
	p.watch(c, id, news)
}

// watch has epoll tell of a connection.
func (p *prober) watch(c *conn, id int32, news uint32) {
	ev := unix.EpollEvent{Events: news, Fd: id, Pad: c.gen}
	if err := unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, c.fd, &ev); err != nil {
		p.fail(c, "dial")
	}
}

// pump gives the held connection its next probe, dialling where there is none.
func (p *prober) pump(s *stream) {
	for {
		f := s.waiting()
		if f == nil {
			return
		}
		c := s.held
		if c == nil {
			p.dial(s, f)
			if s.held != nil {
				return // under way
			}
			continue // refused at once: the probe has failed, the next may dial
		}
		if c.flight != nil {
			return // busy
		}
		c.flight, f.conn, c.wrote, c.buf = f, c, 0, c.buf[:0]
		p.write(c)
		if s.held != nil {
			return
		}
	}
}

// progress goes on with a connection about which epoll has news.
func (p *prober) progress(c *conn, events uint32) {
	if !c.up {
		code, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err != nil || code != 0 {
			p.fail(c, failure(unix.Errno(code), false))
			return
		}
		if events&unix.EPOLLOUT == 0 {
			return
		}
		c.up = true
		if c.stream.target.parse == nil {
			p.finish(c.stream, c.flight, reply{}, "")
			p.drop(c)
			return
		}
	}
	if c.flight != nil && c.wrote < len(c.stream.target.request) {
		if p.write(c); p.slotGone(c) {
			return
		}
	}
	if events&(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		p.read(c)
	}
}

func (p *prober) slotGone(c *conn) bool { return c.fd < 0 }

func (p *prober) write(c *conn) {
	if !c.up {
		return
	}
	for c.wrote < len(c.stream.target.request) {
		n, err := unix.Write(c.fd, c.stream.target.request[c.wrote:])
		switch {
		case err == unix.EAGAIN:
			return
		case err == unix.EINTR:
		case err != nil:
			p.fail(c, failure(err, true))
			return
		default:
			c.wrote += n
		}
	}
}

// read takes what has arrived and ends the probe when its answer is whole.
func (p *prober) read(c *conn) {
	for {
		if cap(c.buf)-len(c.buf) < 1024 {
			c.buf = append(make([]byte, 0, 2*cap(c.buf)+2048), c.buf...)
		}
		n, err := unix.Read(c.fd, c.buf[len(c.buf):cap(c.buf)])
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return
		case err != nil:
			p.fail(c, failure(err, true))
			return
		}
		c.buf = c.buf[:len(c.buf)+n]
		if p.judge(c, n == 0) || n == 0 {
			return
		}
	}
}

// judge looks whether the answer is whole; true: nothing more is to be read.
func (p *prober) judge(c *conn, eof bool) bool {
	if c.flight == nil { // a held connection spoke or ended unasked
		p.drop(c)
		return true
	}
	r, state := c.stream.target.parse(c.buf, eof)
	switch {
	case state == replyComplete:
		s := c.stream
		p.finish(s, c.flight, r, r.failure)
		if !s.spec.Held || r.close || eof {
			p.drop(c)
		}
		if s.spec.Held {
			p.pump(s)
			return c.fd < 0
		}
		return true
	case state == replyBad && eof:
		p.fail(c, "eof")
		return true
	case state == replyBad || len(c.buf) > maxReply:
		p.fail(c, "body")
		return true
	}
	return false
}

// fail ends a connection and the probe that it carries, if any.
func (p *prober) fail(c *conn, why string) {
	s, f := c.stream, c.flight
	if f != nil {
		p.finish(s, f, reply{}, why)
	}
	p.drop(c)
	if s.spec.Held && c.up {
		p.pump(s)
	}
}

// drop closes a connection with a reset, which leaves no TIME_WAIT behind on
// either side: 500 connections a second would use up the local ports within a
// minute.
func (p *prober) drop(c *conn) {
	if c.fd < 0 {
		return
	}
	_ = unix.SetsockoptLinger(c.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	unix.Close(c.fd)
	c.fd = -1
	if c.stream.held == c {
		c.stream.held = nil
	}
	p.slots.remove(c)
}

// failure names an error in the words of agentapi.Sample.
func failure(err error, up bool) string {
	switch {
	case errors.Is(err, unix.ECONNREFUSED):
		return "refused"
	case errors.Is(err, unix.ECONNRESET) && !up:
		return "refused"
	case errors.Is(err, unix.ECONNRESET), errors.Is(err, unix.EPIPE):
		return "reset"
	case errors.Is(err, unix.ETIMEDOUT):
		return "timeout"
	case up:
		return "reset"
	}
	return "dial"
}
