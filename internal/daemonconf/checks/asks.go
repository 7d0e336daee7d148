package checks

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"halab/internal/daemonconf/facts"
)

var (
	url     = regexp.MustCompile(`https?://(\[[0-9a-fA-F:]+\]|[\w.-]+)(?::(\d+))?(/[^\s"']*)?`)
	tcp     = regexp.MustCompile(`/dev/tcp/([\w.:-]+)/(\d+)|\b(?:nc|ncat|netcat|telnet)\s+((?:-[a-zA-Z]+\s+(?:\d+\s+)?)*)([\w.:-]+)\s+(\d+)`)
	limit   = regexp.MustCompile(`(?:-m|--max-time)[\s=]+([\d.]+)|\btimeout\s+(?:-\S+\s+)*([\d.]+)s?\s|wget\s[^\n]*(?:-T|--timeout)[\s=]*([\d.]+)`)
	answers = regexp.MustCompile(`\b(?:curl|wget|socat)\b`)
	ports   = regexp.MustCompile(`\b(?:nc|ncat|netcat|telnet|nmap|ss|netstat|lsof)\b|/dev/tcp/`)
	service = regexp.MustCompile(`systemctl\s[^\n]*\b(?:is-active|status|is-failed)\b|service\s+\S+\s+status`)
	process = regexp.MustCompile(`\b(?:pgrep|pidof|killall|pkill|ps)\b|\bkill\s+-(?:0|s\s+0)\b|/proc/`)
	guard   = regexp.MustCompile(`\bip\s+(?:-\S+\s+)*a(?:d|dr|ddr|ddress)?\b|hostname\s+-I|ifconfig`)
	mLimit  = regexp.MustCompile(`\s-[a-zA-Z]*m\s*([\d.]+)`)
)

// asks finds out what the check looks at.
func (c *Check) asks(program string) {
	t := c.Text
	switch {
	case answers.MatchString(t):
		c.Asks = Answer
	case ports.MatchString(t):
		c.Asks = Port
	case service.MatchString(t):
		c.Asks = about(t)
		if c.Asks == Process {
			c.Asks = Service
		}
	case process.MatchString(t):
		c.Asks = about(t)
	case strings.Contains(t, "ping ") || program == "ping" || program == "fping" || program == "arping":
		c.Asks = Other
	default:
		c.Asks = Unknown
	}
	for _, m := range url.FindAllStringSubmatch(t, -1) {
		c.host(m[1], m[2])
		if m[2] == "" && c.Port == 0 {
			c.Port = 80
			if strings.HasPrefix(m[0], "https") {
				c.Port = 443
			}
		}
		if m[3] != "" && c.Path == "" {
			c.Path = m[3]
		}
	}
	if c.Asks == Port {
		for _, m := range tcp.FindAllStringSubmatch(t, -1) {
			c.host(m[1]+m[4], m[2]+m[5])
		}
	}
	c.Guarded = guard.MatchString(t)
	for _, re := range []*regexp.Regexp{limit, mLimit} {
		if m := re.FindStringSubmatch(t); m != nil && c.LimitMs == 0 {
			seconds, _ := strconv.ParseFloat(strings.Join(m[1:], ""), 64)
			c.LimitMs = seconds * 1000
		}
	}
}

// listener says whether the port that is asked is one of HAProxy's at all.
func (c *Check) listener(n *facts.Node) {
	if !n.HAProxy.Present || c.Port == 0 || c.Asks != Answer && c.Asks != Port || strings.Contains(c.Text, "haproxy") {
		return
	}
	found := false
	n.HAProxy.Listening(func(_ *facts.Proxy, b facts.Bind) {
		found = found || b.Low == 0 || b.Low <= c.Port && c.Port <= b.High
	})
	if !found {
		c.Asks = Other
	}
}

func (c *Check) host(host, port string) {
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		c.Hosts = append(c.Hosts, a)
	}
	if n, err := strconv.Atoi(port); err == nil && c.Port == 0 {
		c.Port = n
	}
}

// about says whether a look at processes is about HAProxy's.
func about(text string) Asks {
	if strings.Contains(strings.ToLower(text), "haproxy") {
		return Process
	}
	if strings.Contains(text, "$") {
		return Unknown
	}
	return Other
}
