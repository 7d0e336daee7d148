package facts

import (
	"net/netip"
	"strconv"
	"strings"

	"halab/internal/daemonconf/haproxyconf"
	"halab/internal/daemonconf/source"
)

// Server is a server line with what default-server gives it; times in
// milliseconds.
type Server struct {
	Name      string
	Host      string // as it is written, without the port
	Addr      netip.Addr
	Port      int  // 0 where it follows the listener's; an offset with a sign
	Follows   bool // the port is that of the listener, with Port added
	Unix      bool
	CheckPort int
	Count     int // of server-template
	First     int // its first number
	Checked   Value[bool]
	InterMs   Value[float64]
	FastMs    Value[float64]
	Fall      Value[int]
	Rise      Value[int]
	Backup    bool
	TLS       bool
	CheckTLS  Value[bool]
	CheckAddr netip.Addr // where it is checked, if not at its own address
	Proxy     bool       // connections begin with a PROXY header
	// CheckProxy says so of checks that go elsewhere.
	CheckProxy bool
	Agent      bool // an agent of the server is asked as well
	AgentPort  int
	AgentAddr  netip.Addr
	H2         bool          // HTTP/2 may be spoken
	Names      []string      // that its certificate is asked for
	Verify     string        // none or required
	Authority  string        // ca-file, as it is written
	OnDown     Value[string] // on-marked-down
	At         source.Pos
}

func (d *defaults) serverLine(l *haproxyconf.Line) Server {
	s := d.server
	s.Name, s.At = l.Word(1), l.At()
	i := 2
	if l.Word(0) == "server-template" {
		low, high, ranged := strings.Cut(l.Word(2), "-")
		a, _ := whole(low)
		b, _ := whole(high)
		s.Count, s.First = max(1, a), 1
		if ranged {
			s.Count, s.First = max(1, b-a+1), a
		}
		i = 3
	}
	s.address(l.Word(i))
	s.words(l, i+1)
	if s.CheckPort == 0 {
		s.CheckPort = s.Port
	}
	return s
}

// address reads 192.0.2.1:80, name, [2001:db8::1]:80, unix@/run/x, and ports that
// follow the listener's: 192.0.2.1, 192.0.2.1:+1000.
func (s *Server) address(text string) {
	for _, family := range []string{"ipv4@", "ipv6@", "tcp4@", "tcp6@", "tcp@"} {
		text = strings.TrimPrefix(text, family)
	}
	if strings.HasPrefix(text, "/") || strings.Contains(text, "@") {
		s.Host, s.Unix = text, true
		return
	}
	host, port, ok := cutLast(text, ":")
	if a, err := netip.ParseAddr(text); err == nil && a.Is6() {
		host, port, ok = text, "", false
	}
	s.Host = strings.Trim(host, "[]")
	s.Addr, _ = netip.ParseAddr(s.Host)
	s.Follows = !ok || port == "" || port[0] == '+' || port[0] == '-'
	s.Port, _ = strconv.Atoi(port)
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
		case "no-ssl":
			s.TLS = false
		case "check-ssl":
			s.CheckTLS.put(true, w.Pos)
		case "no-check-ssl":
			s.CheckTLS.put(false, w.Pos)
		case "verify":
			s.Verify = next
		case "ca-file":
			s.Authority = next
		case "sni", "check-sni", "verifyhost":
			s.known(next)
		case "addr":
			s.CheckAddr, _ = netip.ParseAddr(next)
		case "send-proxy", "send-proxy-v2", "send-proxy-v2-ssl", "send-proxy-v2-ssl-cn":
			s.Proxy = true
		case "check-send-proxy":
			s.CheckProxy = true
		case "agent-check":
			s.Agent = true
		case "agent-port":
			s.AgentPort = n
		case "agent-addr":
			s.AgentAddr, _ = netip.ParseAddr(next)
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
		case "alpn", "check-alpn", "proto", "check-proto":
			s.H2 = s.H2 || strings.Contains(next, "h2")
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

// known takes a name by which a server's certificate is asked for: www.example.org
// or str(www.example.org).
func (s *Server) known(text string) {
	if inside, ok := strings.CutPrefix(text, "str("); ok {
		text = strings.TrimSuffix(inside, ")")
	}
	if text != "" && !strings.ContainsAny(text, "(%") {
		s.Names = append(append([]string{}, s.Names...), text)
	}
}
