package behind

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"

	"halab/internal/agentapi"
)

// serve speaks with one client.
func (s *spot) serve(c net.Conn) {
	if !s.waking() {
		reset(c)
		return
	}
	var conn net.Conn = &gate{c, s}
	in := bufio.NewReader(conn)
	if s.Proxy {
		if err := skipProxy(in); err != nil {
			return
		}
	}
	http2 := false
	if s.tls != nil {
		first, err := in.Peek(1)
		if err != nil {
			return
		}
		if first[0] == tlsHandshake {
			t := tls.Server(&rest{conn, in}, s.tls)
			if err := t.Handshake(); err != nil {
				return // the client may have had enough: a check by ssl-hello-chk has
			}
			conn, in = t, bufio.NewReader(t)
			http2 = t.ConnectionState().NegotiatedProtocol == "h2"
		}
	}
	d := &dialogue{spot: s, in: in, out: conn}
	if http2 {
		serveHTTP2(s, &rest{conn, in})
		return
	}
	d.speak()
}

const tlsHandshake = 0x16 // RFC 8446, 5.1

// rest is a connection whose first bytes are in a reader already.
type rest struct {
	net.Conn
	in io.Reader
}

func (r *rest) Read(p []byte) (int, error) { return r.in.Read(p) }

// errProxy is a connection without the PROXY header that it should begin with.
var errProxy = errors.New("no PROXY header")

// skipProxy reads the header that HAProxy puts before a connection, in its form 1
// or 2 (HAProxy's proxy-protocol.txt, 2.1 and 2.2).
func skipProxy(in *bufio.Reader) error {
	const longest = 107
	signature := []byte("\r\n\r\n\x00\r\nQUIT\n")
	first, err := in.Peek(1)
	if err != nil {
		return err
	}
	if first[0] == 'P' {
		line, err := in.ReadSlice('\n')
		if err != nil || len(line) > longest || !bytes.HasPrefix(line, []byte("PROXY ")) {
			return errProxy
		}
		return nil
	}
	head, err := in.Peek(len(signature) + 4)
	if err != nil || !bytes.HasPrefix(head, signature) {
		return errProxy
	}
	_, err = in.Discard(len(head) + int(binary.BigEndian.Uint16(head[len(signature)+2:])))
	return err
}

// dialogue is a conversation on one connection.
type dialogue struct {
	spot *spot
	in   *bufio.Reader
	out  net.Conn
}

func (d *dialogue) say(text []byte) error {
	d.spot.pause()
	_, err := d.out.Write(text)
	return err
}

func (d *dialogue) speak() {
	switch d.spot.Speaks {
	case agentapi.BehindMySQL:
		d.mysql()
	case agentapi.BehindPgSQL:
		d.pgsql()
	case agentapi.BehindRedis:
		d.redis()
	case agentapi.BehindSMTP:
		d.smtp()
	case agentapi.BehindLDAP:
		d.ldap()
	case agentapi.BehindAgent:
		_ = d.say([]byte("up\n")) // who asked may be gone
	case agentapi.BehindHTTP:
		if d.steps() {
			d.http()
		}
	default:
		if d.steps() {
			d.echo()
		}
	}
}

// echo sends back what comes.
func (d *dialogue) echo() {
	buffer := make([]byte, 16<<10)
	for {
		n, err := d.in.Read(buffer)
		if n > 0 && d.say(buffer[:n]) != nil || err != nil {
			return
		}
	}
}

// steps goes through the dialog that the client's words fit. It is true where they
// fit none: then nothing of them has been taken.
func (d *dialogue) steps() bool {
	fits := slices.Clone(d.spot.Dialogs)
	first := slices.IndexFunc(fits, func(steps []agentapi.BehindStep) bool { return len(steps) > 0 && len(steps[0].Await) == 0 })
	if first >= 0 { // the server speaks first, whoever comes
		if d.say(fits[first][0].Say) != nil {
			return false
		}
		fits = [][]agentapi.BehindStep{fits[first][1:]}
	}
	for len(fits) > 0 {
		next, ok := d.await(fits)
		if !ok {
			return true
		}
		fits = slices.DeleteFunc(fits, func(steps []agentapi.BehindStep) bool {
			return len(steps) == 0 || !bytes.Equal(steps[0].Await, next.Await)
		})
		if d.say(next.Say) != nil {
			return false
		}
		for i := range fits {
			fits[i] = fits[i][1:]
		}
	}
	return true
}

// await reads until the words of one of some dialogs' next steps are there.
func (d *dialogue) await(fits [][]agentapi.BehindStep) (agentapi.BehindStep, bool) {
	for have := 1; ; {
		if _, err := d.in.Peek(have); err != nil {
			return agentapi.BehindStep{}, false
		}
		text, _ := d.in.Peek(d.in.Buffered()) // it is there
		open := false
		for _, steps := range fits {
			if len(steps) == 0 {
				continue
			}
			want := steps[0].Await
			if bytes.HasPrefix(text, want) {
				_, _ = d.in.Discard(len(want)) // it is there
				return steps[0], true
			}
			open = open || bytes.HasPrefix(want, text)
		}
		if !open {
			return agentapi.BehindStep{}, false
		}
		have = len(text) + 1
	}
}
