package probe

import (
	"bufio"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"halab/internal/agentapi"
)

// happened lists what became of a held connection, in order, without repetition.
func (w *watched) happened(name string) []string {
	var out []string
	for _, l := range w.lines() {
		if l.Held == nil || l.Held.Name != name {
			continue
		}
		what := strings.TrimSpace(l.Held.What + " " + l.Held.How)
		if n := len(out); n < 2 || out[n-1] != what && out[n-2] != what {
			out = append(out, what)
		}
	}
	return out
}

func (w *watched) untilHeld(t *testing.T, name string, want ...string) {
	t.Helper()
	w.until(t, name+": "+strings.Join(want, ", "), func() bool {
		return slices.Equal(w.happened(name), want)
	})
}

func (w *watched) try(t *testing.T, mark string) {
	t.Helper()
	w.command(t, agentapi.ObserverCommand{Command: "mark", Mark: mark, Try: true})
	w.until(t, mark, func() bool {
		return slices.ContainsFunc(w.lines(), func(l agentapi.ObserverLine) bool { return l.Mark != nil && l.Mark.Name == mark })
	})
}

func heldSpec(url, say string) agentapi.ObserverSpec {
	return agentapi.ObserverSpec{Interface: "lo", Held: []agentapi.HeldSpec{
		{Name: agentapi.HeldBusy, VIP: "127.0.0.1", URL: url, Say: say, EveryMs: 20},
		{Name: agentapi.HeldIdle, VIP: "127.0.0.1", URL: url, Say: say},
	}}
}

// taken is a listener whose connections are the test's to answer, end or leave alone.
type taken struct {
	net.Listener
	conns chan *net.TCPConn
}

func take(t *testing.T) taken {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s := taken{l, make(chan *net.TCPConn, 8)}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.conns <- c.(*net.TCPConn)
		}
	}()
	return s
}

// echo answers each line until told to stop; then what is asked stays unanswered.
func echo(c net.Conn, stop <-chan struct{}) {
	for lines := bufio.NewReader(c); ; {
		line, err := lines.ReadString('\n')
		select {
		case <-stop:
			return
		default:
		}
		if err != nil {
			return
		}
		_, _ = io.WriteString(c, line)
	}
}

// A connection to a real HTTP server is used again and again, the idle one once more
// when it is tried; both outlive that.
func TestHeldOverHTTP(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	defer srv.Close()
	w := watch(t, heldSpec(srv.URL+"/", ""))
	w.until(t, "ten answers", func() bool {
		n := 0
		for _, l := range w.lines() {
			if l.Held != nil && l.Held.Name == agentapi.HeldBusy && l.Held.What == agentapi.HeldAnswered {
				n++
			}
		}
		return n >= 10
	})
	w.try(t, "end")
	w.stop(t)
	for _, name := range []string{agentapi.HeldBusy, agentapi.HeldIdle} {
		if got := w.happened(name); !slices.Equal(got, []string{"opened", "asked", "answered"}) {
			t.Errorf("%s: %v", name, got)
		}
	}
	asked := 0
	for _, l := range w.lines() {
		if l.Held != nil && l.Held.Name == agentapi.HeldIdle && l.Held.What == agentapi.HeldAsked {
			asked++
		}
	}
	if asked != 2 {
		t.Errorf("the idle connection was used %d times: once at its beginning, once when it was tried", asked)
	}
}

// A server that closes in order and one that resets are told apart, whatever the client
// was doing.
func TestHeldEnds(t *testing.T) {
	for how, end := range map[string]func(*net.TCPConn){
		"fin": func(c *net.TCPConn) { _ = c.CloseWrite() },
		"rst": func(c *net.TCPConn) { _ = c.SetLinger(0); _ = c.Close() },
	} {
		t.Run(how, func(t *testing.T) {
			s, stop := take(t), make(chan struct{})
			w := watch(t, heldSpec("tcp://"+s.Addr().String(), "x\n"))
			conns := []*net.TCPConn{<-s.conns, <-s.conns}
			for _, c := range conns {
				go echo(c, stop)
			}
			for _, name := range []string{agentapi.HeldBusy, agentapi.HeldIdle} {
				w.untilHeld(t, name, "opened", "asked", "answered")
			}
			for _, c := range conns {
				end(c)
			}
			for _, name := range []string{agentapi.HeldBusy, agentapi.HeldIdle} {
				w.until(t, name+" ended", func() bool { return slices.Contains(w.happened(name), "ended "+how) })
			}
			close(stop)
			for _, c := range conns {
				_ = c.Close()
			}
			w.stop(t)
		})
	}
}

// A process that hangs has a kernel that acknowledges: nothing is ever sent again, and
// nothing comes. When they are tried, both are let go of, and opened anew.
func TestHeldHang(t *testing.T) {
	s, stop := take(t), make(chan struct{})
	w := watch(t, heldSpec("tcp://"+s.Addr().String(), "x\n"))
	for range 2 {
		go echo(<-s.conns, stop)
	}
	for _, name := range []string{agentapi.HeldBusy, agentapi.HeldIdle} {
		w.untilHeld(t, name, "opened", "asked", "answered")
	}
	close(stop)
	again := make(chan struct{})
	go func() {
		for range 2 {
			go echo(<-s.conns, again)
		}
	}()
	w.try(t, "end")
	for _, name := range []string{agentapi.HeldBusy, agentapi.HeldIdle} {
		w.untilHeld(t, name, "opened", "asked", "answered", "left", "opened", "asked", "answered")
	}
	for _, l := range w.lines() {
		if l.Held != nil && l.Held.What == agentapi.HeldLeft && l.Held.Sent != 0 {
			t.Errorf("%s: sent again %d times, though the kernel acknowledged it", l.Held.Name, l.Held.Sent)
		}
	}
	close(again)
	w.stop(t)
}

// Over TLS as well; and a listener that is not there has nothing to hold.
func TestHeldOverTLS(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	defer srv.Close()
	spec := heldSpec("tls://"+srv.Listener.Addr().String(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	spec.Held[1].URL = "tcp://127.0.0.1:1"
	w := watch(t, spec)
	w.untilHeld(t, agentapi.HeldBusy, "opened", "asked", "answered")
	w.stop(t)
	if got := w.happened(agentapi.HeldIdle); len(got) > 0 {
		t.Errorf("nobody listens there, and yet: %v", got)
	}
}

// quietly has a server not log that probes go away in the middle of the handshake.
func quietly(s *httptest.Server) *httptest.Server {
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	return s
}

// ask runs streams for a while and returns the errors of each, "" for a good answer.
func ask(t *testing.T, streams ...agentapi.StreamSpec) map[string][]string {
	t.Helper()
	for i := range streams {
		s := &streams[i]
		s.Rate, s.TimeoutMs, s.MaxInFlight = 50, 2000, 200
	}
	w := watch(t, agentapi.ObserverSpec{Interface: "lo", Streams: streams})
	for _, s := range streams {
		w.until(t, s.Name, func() bool { return len(w.samples(s.Name)) >= 20 })
	}
	w.stop(t)
	out := map[string][]string{}
	for _, s := range streams {
		for _, sample := range w.samples(s.Name) {
			if !slices.Contains(out[s.Name], sample.Error) {
				out[s.Name] = append(out[s.Name], sample.Error)
			}
		}
	}
	return out
}

// Every kind of probe, against servers that do what it asks for and such that don't. A
// process that hangs has a kernel that accepts for it until its queue is full: a page and
// a handshake fail, and a plain connection says so where the server was to speak first.
func TestProbesOfEveryKind(t *testing.T) {
	secure := quietly(httptest.NewUnstartedServer(http.NotFoundHandler()))
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	greets := take(t)
	go func() {
		for c := range greets.conns {
			_, _ = io.WriteString(c, "220 hello\r\n")
			_ = c.Close()
		}
	}()
	alerts := take(t)
	go func() {
		for c := range alerts.conns {
			config := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, io.EOF }}
			_ = tls.Server(c, config).Handshake()
			_ = c.Close()
		}
	}()
	hung, err := net.Listen("tcp4", "127.0.0.1:0") // nobody accepts
	if err != nil {
		t.Fatal(err)
	}
	defer hung.Close()
	at := func(scheme string, l net.Listener) string { return scheme + "://" + l.Addr().String() }
	got := ask(t,
		agentapi.StreamSpec{Name: "tls", URL: at("tls", secure.Listener), ServerName: "example.com"},
		agentapi.StreamSpec{Name: "tls to http", URL: at("tls", plain.Listener)},
		agentapi.StreamSpec{Name: "tls, alert", URL: at("tls", alerts)},
		agentapi.StreamSpec{Name: "tls, hung", URL: at("tls", hung)},
		agentapi.StreamSpec{Name: "tcp", URL: at("tcp", plain.Listener)},
		agentapi.StreamSpec{Name: "tcp, hung", URL: at("tcp", hung)},
		agentapi.StreamSpec{Name: "tcp, refused", URL: "tcp://127.0.0.1:1"},
		agentapi.StreamSpec{Name: "byte", URL: at("tcp", greets), FirstByte: true},
		agentapi.StreamSpec{Name: "byte, hung", URL: at("tcp", hung), FirstByte: true},
		agentapi.StreamSpec{Name: "page, not 200", URL: at("http", plain.Listener) + "/"},
		agentapi.StreamSpec{Name: "any page", URL: at("http", plain.Listener) + "/", AnyStatus: true},
		agentapi.StreamSpec{Name: "page, hung", URL: at("http", hung) + "/"},
	)
	for name, want := range map[string]string{
		"tls": "", "tls to http": "body", "tls, alert": "alert", "tls, hung": "timeout",
		"tcp": "", "tcp, hung": "", "tcp, refused": "refused", "byte": "", "byte, hung": "silent",
		"page, not 200": "status", "any page": "", "page, hung": "timeout",
	} {
		if !slices.Equal(got[name], []string{want}) {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
}

// The name that a stream asks for is what the server sees, and its answer is that of a
// whole handshake's first half.
func TestClientHelloNamesTheServer(t *testing.T) {
	seen := make(chan string, 64)
	srv := quietly(httptest.NewUnstartedServer(http.NotFoundHandler()))
	srv.TLS = &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		select {
		case seen <- h.ServerName:
		default:
		}
		return nil, nil
	}}
	srv.StartTLS()
	defer srv.Close()
	ask(t, agentapi.StreamSpec{Name: "tls", URL: "tls://" + srv.Listener.Addr().String(), ServerName: "www.example.com"})
	select {
	case name := <-seen:
		if name != "www.example.com" {
			t.Errorf("the server was asked for %q", name)
		}
	case <-time.After(time.Second):
		t.Error("the server saw no first flight")
	}
}
