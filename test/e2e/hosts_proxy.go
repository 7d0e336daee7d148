package e2e

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy stands between halab and an engine, and behaves as bad networks do.
type proxy struct {
	listener net.Listener
	target   string
	cutAfter atomic.Int64 // bytes to the engine after which the connection is cut, once; 0: never
	cuts     atomic.Int64 // connections that were cut so
	held     atomic.Bool  // nothing passes any more, and nothing is refused

	mu    sync.Mutex
	conns []net.Conn
}

func newProxy(t testing.TB, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: target}
	t.Cleanup(func() {
		_ = l.Close()
		p.drop()
	})
	go p.serve()
	return p
}

func (p *proxy) endpoint() string { return "tcp://" + p.listener.Addr().String() }

// drop closes every connection there is.
func (p *proxy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		_ = c.Close() // it may be closed already
	}
	p.conns = nil
}

func (p *proxy) serve() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.conns = append(p.conns, c)
		p.mu.Unlock()
		if !p.held.Load() {
			go p.pass(c)
		}
	}
}

func (p *proxy) pass(c net.Conn) {
	defer c.Close()
	engine, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer engine.Close()
	back := make(chan struct{})
	go func() {
		defer close(back)
		_, _ = io.Copy(c, engine) // the end of either side is the end
		closeWrite(c)
	}()
	p.copyCounted(engine, c)
	closeWrite(engine)
	<-back
}

// copyCounted passes on what the client sends, up to the cut.
func (p *proxy) copyCounted(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	var sent int64
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
			sent += int64(n)
		}
		if limit := p.cutAfter.Load(); limit > 0 && sent > limit && p.cutAfter.CompareAndSwap(limit, 0) {
			p.cuts.Add(1)
			_ = from.Close()
			_ = to.Close()
			return
		}
		if err != nil {
			return
		}
	}
}

func closeWrite(c net.Conn) {
	if half, ok := c.(*net.TCPConn); ok {
		_ = half.CloseWrite() // the other side hears the end
	}
}
