package agent

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"halab/internal/agentapi"
)

// double stands for HAProxy.
type double struct {
	listener net.Listener
	frozen   atomic.Bool // takes connections and questions, answers nothing
	answered atomic.Int64
	thaw     chan struct{}
	answer   string
}

const (
	keptAnswer   = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	closedAnswer = "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nok"
)

func startDouble(t *testing.T, address, answer string) *double {
	t.Helper()
	listener, err := net.Listen("tcp4", address)
	if err != nil {
		t.Fatal(err)
	}
	d := &double{listener: listener, thaw: make(chan struct{}), answer: answer}
	go d.serve()
	t.Cleanup(func() { listener.Close() })
	return d
}

func (d *double) serve() {
	var conns []net.Conn
	for {
		conn, err := d.listener.Accept()
		if err != nil {
			for _, c := range conns {
				c.Close()
			}
			return
		}
		conns = append(conns, conn)
		go d.talk(conn)
	}
}

func (d *double) talk(conn net.Conn) {
	questions := bufio.NewReader(conn)
	for {
		if _, err := http.ReadRequest(questions); err != nil {
			return
		}
		if d.frozen.Load() {
			<-d.thaw
		}
		fmt.Fprint(conn, d.answer)
		d.answered.Add(1)
		if strings.Contains(d.answer, "close") {
			conn.Close()
			return
		}
	}
}

type change struct {
	to health
	at moment
}

func follow(t *testing.T, address string) <-chan change {
	t.Helper()
	changes := make(chan change, 100)
	sign := lifesign{address: netip.MustParseAddrPort(address), current: healthGone, report: func(h health, at moment) { changes <- change{h, at} }}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := sign.run(ctx); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return changes
}

func expectHealth(t *testing.T, changes <-chan change, want health) moment {
	t.Helper()
	got := receive(t, changes)
	if got.to != want {
		t.Fatalf("HAProxy is %s, want %s", got.to, want)
	}
	return got.at
}

// TestLifeAndDeath is the life of a HAProxy that keeps connections (2.x), and of
// one that closes them after each answer (1.5).
func TestLifeAndDeath(t *testing.T) {
	for name, answer := range map[string]string{"kept": keptAnswer, "closed": closedAnswer} {
		t.Run(name, func(t *testing.T) {
			d := startDouble(t, "127.0.0.1:0", answer)
			address := d.listener.Addr().String()
			changes := follow(t, address)
			expectHealth(t, changes, healthUp)
			for deadline := time.Now().Add(10 * time.Second); d.answered.Load() < 5; {
				if time.Now().After(deadline) {
					t.Fatal("a healthy HAProxy is not asked again")
				}
				time.Sleep(time.Millisecond)
			}

			frozen := now()
			d.frozen.Store(true)
			at := expectHealth(t, changes, healthHung)
			if took := time.Duration(at.mono - frozen.mono); took < agentapi.SignDeadline-agentapi.SignInterval {
				t.Errorf("hung after %v, before the deadline", took)
			}
			d.frozen.Store(false)
			close(d.thaw)
			expectHealth(t, changes, healthUp)

			d.listener.Close()
			expectHealth(t, changes, healthGone)
			startDouble(t, address, answer)
			expectHealth(t, changes, healthUp)
			if len(changes) != 0 {
				t.Errorf("%d more changes", len(changes))
			}
		})
	}
}

// TestAClosedConnectionIsNoDeath: HAProxy closes a connection, and is there.
func TestAClosedConnectionIsNoDeath(t *testing.T) {
	d := startDouble(t, "127.0.0.1:0", closedAnswer)
	changes := follow(t, d.listener.Addr().String())
	expectHealth(t, changes, healthUp)
	for deadline := time.Now().Add(10 * time.Second); d.answered.Load() < 10; {
		if time.Now().After(deadline) {
			t.Fatal("no further signs of life")
		}
		time.Sleep(time.Millisecond)
	}
	select {
	case c := <-changes:
		t.Errorf("HAProxy is said to be %s", c.to)
	default:
	}
}
