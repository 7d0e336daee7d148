package facts

import (
	"net/netip"
	"strconv"
	"strings"

	"halab/internal/daemonconf/haproxyconf"
	"halab/internal/daemonconf/source"
)

// read takes the lines of a section.
func (d *defaults) read(s *haproxyconf.Section) {
	p := &d.proxy
	for _, l := range s.Lines {
		no := l.Word(0) == "no"
		if no {
			l = &haproxyconf.Line{Words: l.Words[1:]}
			if len(l.Words) == 0 {
				continue
			}
		}
		word := func(i int) (string, source.Pos) {
			if i < len(l.Words) {
				return l.Words[i].Text, l.Words[i].Pos
			}
			return "", l.At()
		}
		text, at := word(1)
		switch l.Word(0) {
		case "mode":
			p.Mode.put(text, at)
		case "timeout":
			if ms, ok := Duration(l.Word(2)); ok {
				p.Timeouts[oldName(text)] = Value[float64]{ms, at, true}
			}
		case "clitimeout", "srvtimeout", "contimeout":
			if ms, ok := Duration(text); ok {
				p.Timeouts[oldName(l.Word(0))] = Value[float64]{ms, at, true}
			}
		case "retries":
			if n, ok := whole(text); ok {
				p.Retries.put(n, at)
			}
		case "retry-on":
			p.RetryOn.put(source.Join(l.Words[1:]), at)
		case "redispatch":
			p.Redispatch.put(!no, l.At())
		case "option":
			d.option(l, no)
		case "monitor-uri":
			p.MonitorURI.put(text, at)
		case "bind":
			p.Binds = append(p.Binds, binds(l, 1)...)
		case "default_backend", "use_backend":
			p.Leads = append(p.Leads, Value[string]{text, at, true})
		case "http-check", "tcp-check":
			if text == "send" && l.Word(0) == "http-check" {
				p.Check.Request = sent(l.Words)
			}
			p.rule(l)
		case "default-server":
			d.server.words(l, 1)
		case "server", "server-template":
			p.Servers = append(p.Servers, d.serverLine(l))
		}
	}
}

// oldName turns HAProxy 1.x's names of timeouts into today's.
func oldName(name string) string {
	switch name {
	case "clitimeout":
		return "client"
	case "srvtimeout":
		return "server"
	case "contimeout":
		return "connect"
	}
	return name
}

// rule takes a step of a check. A section's own steps replace those that it has
// from its defaults.
func (p *Proxy) rule(l *haproxyconf.Line) {
	if word := l.Word(1); word != "connect" && word != "expect" && !strings.HasPrefix(word, "send") || word == "send-state" {
		return
	}
	if len(p.CheckRules) > 0 && p.CheckRules[0].Default {
		p.CheckRules = nil
	}
	p.CheckRules = append(p.CheckRules, Option{Name: l.Word(0), Words: l.Words})
}

// isCheck says whether an option chooses how servers are asked.
func isCheck(name string) bool {
	return strings.HasSuffix(name, "chk") || strings.HasSuffix(name, "-check")
}

// option takes "option httpchk GET /healthz" and its like. The last one that
// chooses a check wins.
func (d *defaults) option(l *haproxyconf.Line, no bool) {
	p := &d.proxy
	if len(l.Words) < 2 {
		return
	}
	o := Option{Name: l.Word(1), Words: l.Words}
	switch {
	case o.Name == "redispatch":
		p.Redispatch.put(!no, o.At())
	case isCheck(o.Name) && no:
		p.Check = Check{}
	case isCheck(o.Name) && o.Name != "log-health-checks":
		p.Check = Check{o.Name, request(l.Words), o.At()}
	}
	if !no {
		p.Options = append(p.Options, o)
	}
}

// Checks are the options of a proxy that choose a check, in order.
func (p *Proxy) Checks() []Option {
	var list []Option
	for _, o := range p.Options {
		if isCheck(o.Name) {
			list = append(list, o)
		}
	}
	return list
}

// request is what a check says, on one line. httpchk alone is OPTIONS / HTTP/1.0
// (configuration manual, "option httpchk").
func request(words []source.Word) string {
	list := source.Texts(words[2:])
	switch {
	case words[1].Text != "httpchk":
		return strings.Join(append([]string{words[1].Text}, list...), " ")
	case len(list) == 0:
		return "OPTIONS / HTTP/1.0"
	case len(list) == 1:
		return "OPTIONS " + list[0] + " HTTP/1.0"
	case len(list) == 2:
		return list[0] + " " + list[1] + " HTTP/1.0"
	}
	return strings.Join(list, " ")
}

// sent is the request of "http-check send meth GET uri /healthz".
func sent(words []source.Word) string {
	method, uri, version := "OPTIONS", "/", "HTTP/1.0"
	for i := 2; i+1 < len(words); i++ {
		switch words[i].Text {
		case "meth":
			method = words[i+1].Text
		case "uri", "uri-lf":
			uri = words[i+1].Text
		case "ver":
			version = words[i+1].Text
		}
	}
	return method + " " + uri + " " + version
}

// binds reads "192.0.2.10:80,:443 ssl crt x".
func binds(l *haproxyconf.Line, i int) []Bind {
	if i >= len(l.Words) {
		return nil
	}
	common := Bind{At: l.Words[i].Pos}
	for n := i + 1; n < len(l.Words); n++ {
		switch l.Words[n].Text {
		case "ssl":
			common.TLS = true
		case "transparent":
			common.Transparent = true
		case "v4v6", "v6only":
			common.V6 = true
		}
	}
	var list []Bind
	for one := range strings.SplitSeq(l.Words[i].Text, ",") {
		b := common
		b.Text = one
		b.address()
		list = append(list, b)
	}
	return list
}

func (b *Bind) address() {
	text := b.Text
	if strings.HasPrefix(text, "/") || strings.HasPrefix(text, "unix@") || strings.HasPrefix(text, "abns@") || strings.HasPrefix(text, "fd@") || strings.HasPrefix(text, "sockpair@") {
		b.Unix = true
		return
	}
	for _, family := range []string{"ipv4@", "ipv6@", "quic4@", "quic6@", "tcp4@", "tcp6@", "tcp@"} {
		if rest, ok := strings.CutPrefix(text, family); ok {
			text = rest
			b.V6 = b.V6 || strings.Contains(family, "6")
		}
	}
	host, ports, _ := cutLast(text, ":")
	host = strings.Trim(host, "[]")
	low, high, ranged := strings.Cut(ports, "-")
	b.Low, _ = strconv.Atoi(low)
	b.High = b.Low
	if ranged {
		b.High, _ = strconv.Atoi(high)
	}
	if a, err := netip.ParseAddr(host); err == nil {
		b.Addr = a
		b.V6 = b.V6 || a.Is6()
	}
}

func cutLast(text, sep string) (before, after string, found bool) {
	i := strings.LastIndex(text, sep)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(sep):], true
}

// Duration reads HAProxy's times: a number with us, ms, s, m, h or d;
// milliseconds without.
func Duration(text string) (ms float64, ok bool) {
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz")
	n, err := strconv.ParseUint(digits, 10, 31)
	factor, known := map[string]float64{
		"": 1, "us": 0.001, "ms": 1, "s": 1e3, "m": 60e3, "h": 3600e3, "d": 24 * 3600e3,
	}[text[len(digits):]]
	return float64(n) * factor, err == nil && known
}
