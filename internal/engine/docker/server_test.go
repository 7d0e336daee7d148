package docker

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

const testPatience = 10 * time.Second

// fakeServer answers as an engine would, as far as a test says.
type fakeServer struct {
	*httptest.Server
	mux *http.ServeMux

	mu       sync.Mutex
	requests []string // "GET /containers/json", without the version
}

func (s *fakeServer) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.requests...)
}

func (s *fakeServer) count(request string) int {
	n := 0
	for _, seen := range s.seen() {
		if seen == request {
			n++
		}
	}
	return n
}

// newServer makes a server that speaks an API version. Handlers are added to
// its mux under paths without the version.
func newServer(t *testing.T, version string) *fakeServer {
	t.Helper()
	s := &fakeServer{mux: http.NewServeMux()}
	prefix := regexp.MustCompile(`^/v(1\.\d+)`)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := prefix.ReplaceAllString(r.URL.Path, "")
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+path)
		s.mu.Unlock()
		w.Header().Set("Api-Version", version)
		if path == "/_ping" {
			return
		}
		if match := prefix.FindStringSubmatch(r.URL.Path); match == nil || match[1] != version {
			t.Errorf("%s %s: want version %s", r.Method, r.URL.Path, version)
		}
		r.URL.Path = path
		s.mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// open connects to a server.
func (s *fakeServer) open(t *testing.T) *Engine {
	t.Helper()
	return openHost(t, "tcp://"+s.Listener.Addr().String())
}

func openHost(t *testing.T, host string) *Engine {
	t.Helper()
	for _, name := range []string{"DOCKER_API_VERSION", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"} {
		t.Setenv(name, "")
	}
	e, err := Open(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// on adds a handler that answers with a status and JSON text.
func (s *fakeServer) on(pattern string, status int, body string) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// onJSON adds a handler that reads a JSON body.
func (s *fakeServer) onJSON(t *testing.T, pattern string, status int, answer string) *map[string]any {
	got := &map[string]any{}
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(got); err != nil {
			t.Errorf("%s: %v", pattern, err)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	})
	return got
}

// onHijack adds a handler that takes the connection over.
func (s *fakeServer) onHijack(t *testing.T, pattern string, talk func(conn net.Conn, input io.Reader)) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "tcp" {
			t.Errorf("%s: no upgrade asked", pattern)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		conn, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
		talk(conn, buffered)
	})
}

// frame makes one frame of a multiplexed stream.
func frame(fd byte, text string) string {
	header := make([]byte, headerSize)
	header[0] = fd
	binary.BigEndian.PutUint32(header[4:], uint32(len(text)))
	return string(header) + text
}

// returns fails the test if f takes too long: nothing may hang.
func returns(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(testPatience):
		t.Fatalf("%s hangs", what)
	}
}

func contains(t *testing.T, what, text string, signs ...string) {
	t.Helper()
	for _, sign := range signs {
		if !strings.Contains(text, sign) {
			t.Errorf("%s: %q lacks %q", what, text, sign)
		}
	}
}

// silent is a listener that takes connections and never answers.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(t.Context(), func() { _ = conn.Close() })
		}
	}()
	return fmt.Sprintf("tcp://%s", listener.Addr())
}

// requestLine is a handler that reports the query of each request.
func requestLine(to chan<- string) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) { to <- r.URL.Query().Encode() }
}

// blockUntil is a handler that says that it was reached, and then nothing.
func blockUntil(release <-chan struct{}, reached func()) http.HandlerFunc {
	return func(http.ResponseWriter, *http.Request) {
		reached()
		<-release
	}
}

// answer is a handler whose answer is asked for each time.
func answer(text func() string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, text())
	}
}
