package behind

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/miekg/dns"

	"halab/internal/agentapi"
)

// lifetime is how long an answer may be kept, in seconds: hardly, since the lab may
// change any moment.
const lifetime = 1

// resolve answers for the names in the files; others do not exist. It gives the
// function that ends it.
func resolve(d agentapi.BehindDNS) (stop func(), err error) {
	var servers []*dns.Server
	stop = func() {
		for _, s := range servers {
			_ = s.Shutdown() // it ends with this process in any case
		}
	}
	handler := dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		_ = w.WriteMsg(reply(d, r)) // who asked may be gone
	})
	for _, address := range d.Listen {
		packets, err := net.ListenPacket("udp", address)
		if err != nil {
			stop()
			return nil, fmt.Errorf("a name server on %s: %w", address, err)
		}
		streams, err := net.Listen("tcp", packets.LocalAddr().String())
		if err != nil {
			stop()
			return nil, fmt.Errorf("a name server on %s: %w", address, err)
		}
		for _, s := range []*dns.Server{{PacketConn: packets, Handler: handler}, {Listener: streams, Handler: handler}} {
			started := make(chan struct{})
			s.NotifyStartedFunc = func() { close(started) }
			go func() { _ = s.ActivateAndServe() }() // it ends with stop
			<-started
			servers = append(servers, s)
		}
	}
	return stop, nil
}

func reply(d agentapi.BehindDNS, r *dns.Msg) *dns.Msg {
	m := new(dns.Msg)
	m.SetReply(r)
	m.Authoritative = true
	if len(r.Question) != 1 {
		return m.SetRcode(r, dns.RcodeFormatError)
	}
	q := r.Question[0]
	name := strings.TrimSuffix(strings.ToLower(q.Name), ".")
	head := func(of uint16) dns.RR_Header {
		return dns.RR_Header{Name: q.Name, Rrtype: of, Class: dns.ClassINET, Ttl: lifetime}
	}
	addresses, isName := d.Names[name]
	services, isService := d.Services[name]
	if !isName && !isService {
		return m.SetRcode(r, dns.RcodeNameError)
	}
	for _, text := range addresses {
		a, err := netip.ParseAddr(text)
		switch {
		case err != nil:
		case a.Is4() && q.Qtype == dns.TypeA:
			m.Answer = append(m.Answer, &dns.A{Hdr: head(dns.TypeA), A: a.AsSlice()})
		case a.Is6() && q.Qtype == dns.TypeAAAA:
			m.Answer = append(m.Answer, &dns.AAAA{Hdr: head(dns.TypeAAAA), AAAA: a.AsSlice()})
		}
	}
	if q.Qtype == dns.TypeSRV {
		for _, s := range services {
			m.Answer = append(m.Answer, &dns.SRV{Hdr: head(dns.TypeSRV), Priority: 1, Weight: 1, Port: uint16(s.Port), Target: dns.Fqdn(s.Target)})
		}
	}
	return m
}
