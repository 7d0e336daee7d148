package probe

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"halab/internal/agentapi"
)

// stream is one open-loop stream of probes.
type stream struct {
	spec    agentapi.StreamSpec
	pace    pacer
	target  netip.AddrPort
	request []byte
	timeout int64 // ns, from due

	start   int64 // ns; probe n is due at start + pace.due(n)
	number  uint64
	flights []*flight // in order of due
	held    *conn     // held streams: the connection, or nil

	maxLag  int64 // largest sent − due since the last report
	dropped int64
}

// newStream checks a stream's specification and looks its host up.
func newStream(ctx context.Context, spec agentapi.StreamSpec) (*stream, error) {
	fail := func(err error) (*stream, error) {
		return nil, fmt.Errorf("stream %q: %w", spec.Name, err)
	}
	pace, err := newPacer(spec.Rate)
	if err != nil {
		return fail(err)
	}
	if spec.TimeoutMs <= 0 {
		return fail(fmt.Errorf("timeout_ms is %d, but a probe must be given up some time: give it some milliseconds", spec.TimeoutMs))
	}
	if spec.MaxInFlight <= 0 {
		return fail(fmt.Errorf("max_in_flight is %d, so no probe could be sent", spec.MaxInFlight))
	}
	target, request, err := parseTarget(ctx, spec.URL)
	if err != nil {
		return fail(err)
	}
	if spec.Held {
		// Only one probe at a time is on the held connection; the others wait for
		// it and cost nothing, so all that fall due within a timeout may.
		spec.MaxInFlight = max(spec.MaxInFlight, int(spec.Rate*float64(spec.TimeoutMs)/1000)+2)
	}
	return &stream{
		spec: spec, pace: pace, target: target, request: request,
		timeout: int64(spec.TimeoutMs) * int64(time.Millisecond),
	}, nil
}

// parseTarget turns a URL into an IPv4 address with port and the bytes of a GET
// request for it. No "Connection: close" is asked for: the probe ends the
// connection itself with a reset once it has the answer, so that neither side
// keeps 500 connections a second in TIME_WAIT.
func parseTarget(ctx context.Context, raw string) (netip.AddrPort, []byte, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return netip.AddrPort{}, nil, err
	}
	if u.Scheme != "http" || u.Hostname() == "" {
		return netip.AddrPort{}, nil, fmt.Errorf("%q is no http URL with a host", raw)
	}
	port := uint64(80)
	if u.Port() != "" {
		if port, err = strconv.ParseUint(u.Port(), 10, 16); err != nil {
			return netip.AddrPort{}, nil, fmt.Errorf("port %q of %q: %w", u.Port(), raw, err)
		}
	}
	addr, err := netip.ParseAddr(u.Hostname())
	if err != nil {
		found, lookErr := net.DefaultResolver.LookupNetIP(ctx, "ip4", u.Hostname())
		if lookErr != nil {
			return netip.AddrPort{}, nil, lookErr
		}
		addr = found[0]
	}
	addr = addr.Unmap()
	if !addr.Is4() {
		return netip.AddrPort{}, nil, fmt.Errorf("%q is not IPv4", raw)
	}
	path := u.RequestURI()
	request := "GET " + path + " HTTP/1.1\r\nHost: " + u.Host + "\r\nUser-Agent: halab-observer\r\nAccept: */*\r\n\r\n"
	return netip.AddrPortFrom(addr, uint16(port)), []byte(request), nil
}

// dueAt is when probe n is due on the monotonic clock.
func (s *stream) dueAt(n uint64) int64 { return s.start + int64(s.pace.due(n)) }

// forget takes a flight out of those under way.
func (s *stream) forget(f *flight) {
	for i, other := range s.flights {
		if other == f {
			s.flights = append(s.flights[:i], s.flights[i+1:]...)
			return
		}
	}
}

// waiting is the first flight that has no connection yet, or nil.
func (s *stream) waiting() *flight {
	for _, f := range s.flights {
		if f.conn == nil {
			return f
		}
	}
	return nil
}
