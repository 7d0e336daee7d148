package behind

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"

	"halab/internal/agentapi"
)

// http answers requests until the client has had enough. It is no server of
// net/http: that one refuses what checks of old files send, HTTP/1.1 without a
// Host, and real servers answer.
func (d *dialogue) http() {
	const http2Preface = "PRI * HTTP/2.0"
	if head, err := d.in.Peek(len(http2Preface)); err == nil && string(head) == http2Preface {
		serveHTTP2(d.spot, &rest{d.out, d.in})
		return
	}
	for {
		r, err := http.ReadRequest(d.in)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		status, headers, body := d.spot.answer(r)
		keep := r.ProtoAtLeast(1, 1) && !r.Close || strings.EqualFold(r.Header.Get("Connection"), "keep-alive")
		response := http.Response{
			StatusCode: status, ProtoMajor: 1, ProtoMinor: r.ProtoMinor, Request: r, Header: headers, Close: !keep,
			ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)),
		}
		d.spot.pause()
		out := bufio.NewWriter(d.out)
		if response.Write(out) != nil || out.Flush() != nil || !keep {
			return
		}
	}
}

// answer is what a check is to hear, or who answers.
func (s *spot) answer(r *http.Request) (status int, headers http.Header, body string) {
	headers = http.Header{"Content-Type": {"text/plain"}}
	if s.failing() {
		return http.StatusServiceUnavailable, headers, "this server is made to fail\n"
	}
	i := slices.IndexFunc(s.Answers, func(a agentapi.BehindAnswer) bool { return a.Method == r.Method && a.Path == r.RequestURI })
	if i < 0 {
		headers.Set("Content-Type", "application/json")
		text, _ := json.Marshal(map[string]any{"server": s.Servers[0], "address": s.Address}) // it is two strings
		return http.StatusOK, headers, string(text) + "\n"
	}
	a := s.Answers[i]
	for name, value := range a.Headers {
		headers.Set(name, value)
	}
	return a.Status, headers, a.Body
}

// serveHTTP2 answers on one connection by HTTP/2.
func serveHTTP2(s *spot, c net.Conn) {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true) // what is encrypted has been decrypted
	server := &http.Server{
		Protocols: &protocols,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			status, headers, body := s.answer(r)
			for name, values := range headers {
				w.Header()[name] = values
			}
			s.pause()
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body) // who asked may be gone
		}),
	}
	one := &single{conn: make(chan net.Conn, 1), done: make(chan struct{})}
	one.conn <- &closing{c, one.done}
	_ = server.Serve(one) // it ends with the connection
}

// single is a listener that has one connection, and ends with it.
type single struct {
	conn chan net.Conn
	done chan struct{}
}

func (s *single) Accept() (net.Conn, error) {
	select {
	case c := <-s.conn:
		return c, nil
	case <-s.done:
		return nil, net.ErrClosed
	}
}

func (s *single) Close() error   { return nil }
func (s *single) Addr() net.Addr { return &net.TCPAddr{} }

// closing tells when a connection is closed.
type closing struct {
	net.Conn
	done chan struct{}
}

func (c *closing) Close() error {
	select {
	case <-c.done:
	default:
		close(c.done)
	}
	return c.Conn.Close()
}
