package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strconv"

	"halab/internal/agentapi"
)

// target is what a URL says: where to connect, what to send there, and what must come.
type target struct {
	addr    netip.AddrPort
	scheme  string
	request []byte // empty: nothing is sent
	// parse reads what has arrived; nil: being connected is all that is asked for.
	parse func(b []byte, eof bool) (reply, replyState)
}

// newTarget reads a stream's URL.
func newTarget(ctx context.Context, spec agentapi.StreamSpec) (target, error) {
	t, err := parseTarget(ctx, spec.URL)
	switch {
	case err != nil:
	case t.scheme == "http":
		t.parse = parseReply
	case spec.Held:
		return t, fmt.Errorf("%q is no http URL: probes that share a connection are requests for a page", spec.URL)
	case t.scheme == "tls":
		t.parse = parseHello
		t.request, err = clientHello(spec.ServerName)
	case spec.FirstByte:
		t.parse = parseByte
	}
	return t, err
}

// parseTarget turns a URL into an IPv4 address with port and, where it is of a page,
// the bytes of a GET request for it. No "Connection: close" is asked for: the probe
// ends the connection itself with a reset once it has the answer, so that neither side
// keeps 500 connections a second in TIME_WAIT.
func parseTarget(ctx context.Context, raw string) (target, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return target{}, err
	}
	t, port := target{scheme: u.Scheme}, uint64(80)
	switch {
	case u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "tcp" && u.Scheme != "tls":
		return t, fmt.Errorf("%q is no URL like http://HOST/PATH, tcp://HOST:PORT or tls://HOST:PORT", raw)
	case u.Scheme != "http" && u.Port() == "":
		return t, fmt.Errorf("%q names no port", raw)
	case u.Port() != "":
		if port, err = strconv.ParseUint(u.Port(), 10, 16); err != nil {
			return t, fmt.Errorf("port %q of %q: %w", u.Port(), raw, err)
		}
	}
	addr, err := netip.ParseAddr(u.Hostname())
	if err != nil {
		found, lookErr := net.DefaultResolver.LookupNetIP(ctx, "ip4", u.Hostname())
		if lookErr != nil {
			return t, lookErr
		}
		addr = found[0]
	}
	addr = addr.Unmap()
	if !addr.Is4() {
		return t, fmt.Errorf("%q is not IPv4", raw)
	}
	t.addr = netip.AddrPortFrom(addr, uint16(port))
	if t.scheme == "http" {
		t.request = []byte("GET " + u.RequestURI() + " HTTP/1.1\r\nHost: " + u.Host + "\r\nUser-Agent: halab-observer\r\nAccept: */*\r\n\r\n")
	}
	return t, nil
}

// parseByte is content with anything that the server says.
func parseByte(b []byte, eof bool) (reply, replyState) {
	switch {
	case len(b) > 0:
		return reply{}, replyComplete
	case eof:
		return reply{}, replyBad
	}
	return reply{}, replyPartial
}

// The first bytes of a server's side of a handshake (RFC 8446, sections 4 and 5.1).
const (
	tlsAlert       = 21
	tlsHandshake   = 22
	tlsServerHello = 2
	tlsHead        = 6 // type, version, length, and the message's type
)

// parseHello waits for a ServerHello. With it the server has chosen a version, a cipher
// and, by the name that was asked for, a certificate; its signature is in the same
// flight. The probe does not answer: that would be arithmetic of its own, 500 times a
// second, which says no more of the server.
func parseHello(b []byte, eof bool) (reply, replyState) {
	switch {
	case len(b) > 0 && b[0] == tlsAlert:
		return reply{failure: "alert"}, replyComplete
	case len(b) > 0 && b[0] != tlsHandshake, len(b) < tlsHead && eof:
		return reply{}, replyBad
	case len(b) < tlsHead:
		return reply{}, replyPartial
	case b[tlsHead-1] != tlsServerHello:
		return reply{}, replyBad
	}
	return reply{}, replyComplete
}

// clientHello is the first flight of a client, the same for every probe of a stream:
// making one takes a key and so a tenth of a millisecond.
func clientHello(name string) ([]byte, error) {
	var r recorder
	err := tls.Client(&r, anyServer(name)).Handshake()
	if len(r.sent) == 0 {
		return nil, fmt.Errorf("make a client's first flight: %w", err)
	}
	return r.sent, nil
}

// anyServer asks for a name and takes whatever certificate comes, of any version: a
// probe wants to know whether somebody answers.
func anyServer(name string) *tls.Config {
	return &tls.Config{
		ServerName: name, InsecureSkipVerify: true, MinVersion: tls.VersionTLS10,
		CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256},
	}
}

// recorder is a connection to nobody, which keeps what was sent.
type recorder struct {
	net.Conn
	sent []byte
}

func (r *recorder) Write(b []byte) (int, error) {
	r.sent = append(r.sent, b...)
	return len(b), nil
}

func (*recorder) Read([]byte) (int, error) { return 0, io.EOF }

func (*recorder) Close() error { return errors.ErrUnsupported }
