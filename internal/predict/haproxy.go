package predict

import (
	"slices"
	"strings"

	"halab/internal/daemonconf/facts"
)

// Proxy is what of a haproxy.cfg decides what a dying app costs. Times are
// milliseconds; 0 is "never" for a timeout.
type Proxy struct {
	ConnectMs float64
	ServerMs  float64
	CheckMs   float64 // timeout of a health check once connected; 0: not set
	InterMs   float64
	FastMs    float64 // fastinter; 0: as InterMs
	Fall      int
	Retries   int
	// Redispatch: a retry may go to another server; RedispatchEvery is after how
	// many retries at the same one (0: the last retry only).
	Redispatch      bool
	RedispatchEvery int
	// RetryOn: requests that a server took and did not answer are repeated.
	RetryOn bool
	Servers int
}

// HAProxy's own values where the file is silent: its configuration manual,
// sections 4.2 and 5.2.
const (
	defaultInterMs = 2000
	defaultFall    = 3
	defaultRetries = 3
)

// ParseHAProxy reads the defaults and the first backend that has servers. It
// never fails: what it does not understand is as if it were not there.
func ParseHAProxy(text string) Proxy {
	silent := Proxy{InterMs: defaultInterMs, Fall: defaultFall, Retries: defaultRetries}
	common, found := silent, Proxy{}
	p := common
	section := ""
	for line := range strings.SplitSeq(text, "\n") {
		if i := strings.IndexByte(line, '#'); i >= 0 {
			line = line[:i]
		}
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if slices.Contains([]string{"global", "defaults", "frontend", "backend", "listen", "peers", "resolvers"}, words[0]) {
			common, found = closeSection(section, p, common, found)
			section, p = words[0], common
			if section == "defaults" {
				p = silent
			}
			continue
		}
		p.line(words)
	}
	common, found = closeSection(section, p, common, found)
	if found.Servers == 0 {
		return common
	}
	return found
}

func closeSection(section string, p, common, found Proxy) (Proxy, Proxy) {
	if section == "defaults" {
		return p, found
	}
	if p.Servers > 0 && found.Servers == 0 {
		return common, p
	}
	return common, found
}

func (p *Proxy) line(words []string) {
	word := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	switch words[0] {
	case "timeout":
		ms, ok := facts.Duration(word(2))
		switch {
		case !ok:
		case word(1) == "connect":
			p.ConnectMs = ms
		case word(1) == "server":
			p.ServerMs = ms
		case word(1) == "check":
			p.CheckMs = ms
		}
	case "retries":
		p.Retries = int(bounded(word(1), defaultRetries, 0, 1000))
	case "option":
		if word(1) == "redispatch" {
			p.Redispatch = true
			p.RedispatchEvery = int(bounded(word(2), 0, -1000, 1000))
		}
	case "retry-on":
		p.RetryOn = word(1) != "none" && word(1) != "conn-failure" && word(1) != ""
	case "default-server":
		p.check(words[1:])
	case "server":
		p.Servers++
		p.check(words[1:])
	}
}

func (p *Proxy) check(words []string) {
	for i := 0; i+1 < len(words); i++ {
		ms, ok := facts.Duration(words[i+1])
		switch {
		case words[i] == "fall":
			p.Fall = int(bounded(words[i+1], defaultFall, 1, 1000))
		case words[i] == "inter" && ok:
			p.InterMs = ms
		case words[i] == "fastinter" && ok:
			p.FastMs = ms
		}
	}
}

// fastMs is the time between the checks of a server that has begun to fail.
func (p Proxy) fastMs() float64 {
	if p.FastMs == 0 {
		return p.InterMs
	}
	return p.FastMs
}

// DownMs is how long the health checks take to call a dead server down, from
// and to. The first failing check begins at most InterMs after the death, each
// takes its whole time to fail, and the next begins fastinter after that: with
// inter 200, fastinter 100, fall 2 and a timeout of 400, 900 to 1100.
func (p Proxy) DownMs(failMs float64) (low, high float64) {
	low = float64(p.Fall)*failMs + float64(p.Fall-1)*p.fastMs()
	return low, p.InterMs + low
}

// HungMs is how long the last request that HAProxy gives to a hung server may be
// under way after the server hung: it is given out until the checks call the
// server down, and then waits for the longest timeout. clientMs is a client's
// own patience, which ends what the file does not.
func (p Proxy) HungMs(clientMs float64) float64 {
	_, down := p.DownMs(p.checkFailMs())
	return down + p.LongestMs(clientMs)
}

// LongestMs is the longest time after which HAProxy gives up on a server.
func (p Proxy) LongestMs(clientMs float64) float64 {
	longest := max(p.ConnectMs*float64(1+p.Retries), p.ServerMs, p.CheckMs)
	if p.ConnectMs == 0 || p.ServerMs == 0 {
		return max(longest, clientMs)
	}
	return longest
}

// checkFailMs is how long a health check waits for an app that does not answer.
func (p Proxy) checkFailMs() float64 {
	if p.CheckMs > 0 {
		return p.CheckMs
	}
	return p.InterMs // the manual, "timeout check": without it inter counts
}

// saves says whether a request is repeated at another server although the first
// one took it.
func (p Proxy) saves() bool { return p.Redispatch && p.RetryOn && p.Retries > 0 && p.Servers > 1 }
