package behind

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"halab/internal/agentapi"
)

// spot is one address and port, how it is, and its open connections.
type spot struct {
	agentapi.BehindListener
	tls *tls.Config

	mu       sync.Mutex
	listener net.Listener // nil while nothing listens
	state    string
	ms       int
	changed  chan struct{} // closed, and another one, at each change of state
	open     map[net.Conn]bool
	asked    int
}

func states() []string {
	return []string{agentapi.BehindUp, agentapi.BehindStop, agentapi.BehindKill, agentapi.BehindHang, agentapi.BehindSlow, agentapi.BehindError}
}

// set puts a server into a state.
func (s *spot) set(state string, ms int) error {
	if !slices.Contains(states(), state) {
		return fmt.Errorf("%q is no state: it is one of %v", state, states())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	listens := state != agentapi.BehindStop && state != agentapi.BehindKill
	switch {
	case listens && s.listener == nil:
		l, err := net.Listen("tcp", s.Address)
		if err != nil {
			return fmt.Errorf("%v can't be stood for: %w", s.Servers, err)
		}
		s.listener = l
		go s.accept(l)
	case !listens && s.listener != nil:
		if err := s.listener.Close(); err != nil {
			return err
		}
		s.listener = nil
	}
	if state == agentapi.BehindKill {
		for c := range s.open {
			reset(c)
		}
	}
	s.state, s.ms = state, ms
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

// reset ends a connection as the kernel of a process that died does.
func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // it is closed in any case
	}
	_ = c.Close() // the other side may have been first
}

func (s *spot) look() agentapi.BehindState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return agentapi.BehindState{Address: s.Address, Servers: s.Servers, State: s.state, Ms: s.ms, Asked: s.asked}
}

// now is the state, and what is closed when it changes.
func (s *spot) now() (state string, ms int, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state, s.ms, s.changed
}

func (s *spot) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // too many files, for instance: the next one may fit
			time.Sleep(10 * time.Millisecond)
			continue
		}
		s.mu.Lock()
		s.open[c] = true
		s.asked++
		s.mu.Unlock()
		go func() {
			s.serve(c)
			s.mu.Lock()
			delete(s.open, c)
			s.mu.Unlock()
			_ = c.Close() // whatever came of it is over
		}()
	}
}

// waking waits while the server hangs, and is false when the connection is to be
// reset.
func (s *spot) waking() bool {
	for {
		state, _, changed := s.now()
		switch state {
		case agentapi.BehindHang:
			<-changed
		case agentapi.BehindKill:
			return false
		case agentapi.BehindError:
			return s.Speaks == agentapi.BehindHTTP
		default:
			return true
		}
	}
}

// failing says whether HTTP is to answer 503.
func (s *spot) failing() bool {
	state, _, _ := s.now()
	return state == agentapi.BehindError
}

// pause is how much later an answer comes.
func (s *spot) pause() {
	if state, ms, changed := s.now(); state == agentapi.BehindSlow {
		select {
		case <-time.After(time.Duration(ms) * time.Millisecond):
		case <-changed:
		}
	}
}

// errReset is why a connection ends that is to be reset.
var errReset = errors.New("reset")

// gate is a connection of a server that may hang: nothing goes in or out
// meanwhile.
type gate struct {
	net.Conn
	spot *spot
}

func (g *gate) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	if !g.spot.waking() {
		reset(g.Conn)
		return 0, errReset
	}
	return n, err
}

func (g *gate) Write(p []byte) (int, error) {
	if !g.spot.waking() {
		reset(g.Conn)
		return 0, errReset
	}
	return g.Conn.Write(p)
}
