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
		case "http-check":
			if text == "send" {
				p.Check.Request = sent(l.Words)
			}
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

func (d *defaults) serverLine(l *haproxyconf.Line) Server {
	s := d.server
	s.Name, s.At = l.Word(1), l.At()
	i := 2
	if l.Word(0) == "server-template" {
		low, high, ranged := strings.Cut(l.Word(2), "-")
		a, _ := whole(low)
		b, _ := whole(high)
		s.Count = max(1, a)
		if ranged {
			s.Count = max(1, b-a+1)
		}
		i = 3
	}
	host, port, ok := cutLast(l.Word(i), ":")
	if a, err := netip.ParseAddr(l.Word(i)); err == nil && a.Is6() {
		host, port, ok = l.Word(i), "", true
	}
	s.Host = strings.Trim(host, "[]")
	s.Addr, _ = netip.ParseAddr(s.Host)
	if ok {
		s.Port, _ = strconv.Atoi(port)
	}
	s.words(l, i+1)
	if s.CheckPort == 0 {
		s.CheckPort = s.Port
	}
	return s
}

// words reads the settings of a server or default-server line.
func (s *Server) words(l *haproxyconf.Line, from int) {
	for i := from; i < len(l.Words); i++ {
		w, next := l.Words[i], l.Word(i+1)
		ms, isTime := Duration(next)
		n, isWhole := whole(next)
		switch w.Text {
		case "check":
			s.Checked.put(true, w.Pos)
		case "no-check":
			s.Checked.put(false, w.Pos)
		case "backup":
			s.Backup = true
		case "ssl":
			s.TLS = true
		case "inter":
			putTime(&s.InterMs, ms, isTime, w.Pos)
		case "fastinter":
			putTime(&s.FastMs, ms, isTime, w.Pos)
		case "fall":
			put(&s.Fall, float64(n), isWhole && n > 0, w.Pos)
		case "rise":
			put(&s.Rise, float64(n), isWhole && n > 0, w.Pos)
		case "port":
			if isWhole {
				s.CheckPort = n
			}
		case "on-marked-down":
			s.OnDown.put(next, w.Pos)
		}
	}
}

func putTime(v *Value[float64], ms float64, ok bool, at source.Pos) {
	if ok {
		v.put(ms, at)
	}
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
