package facts

import (
	"net/netip"
	"strings"

	"halab/internal/daemonconf/haproxyconf"
	"halab/internal/daemonconf/source"
)

// HAProxy is one HAProxy.
type HAProxy struct {
	Version Version
	Present bool
	File    string // the first of its files
	Files   []*haproxyconf.File
	Proxies []Proxy
}

// Proxy is a frontend, backend or listen section with what it has from its
// defaults.
type Proxy struct {
	Kind, Name string
	At         source.Pos
	Mode       Value[string]
	Timeouts   map[string]Value[float64] // client, server, connect, …, in milliseconds
	Retries    Value[int]
	Redispatch Value[bool]
	RetryOn    Value[string]
	Options    []Option // in order, those of the defaults first
	Check      Check
	CheckRules []Option // http-check and tcp-check lines that are in force
	Binds      []Bind
	Leads      []Value[string] // default_backend and use_backend
	Servers    []Server
	MonitorURI Value[string]
	Section    *haproxyconf.Section
}

// Option is one line "option NAME …".
type Option struct {
	Name    string
	Words   []source.Word // from "option" on
	Default bool          // the section has it from its defaults
}

// At is where the option's name stands.
func (o Option) At() source.Pos { return o.Words[1].Pos }

// Check is how a server's health is asked for.
type Check struct {
	Name    string // httpchk, tcp-check, ssl-hello-chk, …; "" is a TCP connection
	Request string // as one line: GET /healthz HTTP/1.0
	At      source.Pos
}

// Bind is one address that is listened on.
type Bind struct {
	Addr        netip.Addr // invalid: all addresses, or a name
	Text        string     // as it is written
	Low, High   int        // ports
	Unix, TLS   bool
	Transparent bool
	V6          bool
	At          source.Pos
}

// Any says whether it listens on every address of its family.
func (b Bind) Any() bool { return !b.Unix && (!b.Addr.IsValid() || b.Addr.IsUnspecified()) }

// Takes says whether a connection to an address arrives here.
func (b Bind) Takes(a netip.Addr) bool {
	if b.Any() {
		return !b.Unix && (a.Is4() || b.V6)
	}
	return b.Addr == a
}

// HAProxy's own values where the file is silent: its configuration manual,
// sections 4.2 and 5.2.
const (
	defaultInterMs = 2000
	defaultFall    = 3
	defaultRise    = 2
	defaultRetries = 3
)

// defaults is what a defaults section gives to those behind it.
type defaults struct {
	proxy  Proxy
	server Server
}

func silentDefaults() defaults {
	return defaults{
		Proxy{Mode: silent("tcp"), Timeouts: map[string]Value[float64]{}, Retries: silent(defaultRetries)},
		Server{InterMs: silent[float64](defaultInterMs), Fall: silent(defaultFall), Rise: silent(defaultRise), Count: 1},
	}
}

// ReadHAProxy reads what the files of one HAProxy say, in their order.
func ReadHAProxy(files []*haproxyconf.File, version Version) HAProxy {
	h := HAProxy{Version: version, Present: true, Files: files, File: files[0].Name}
	current := silentDefaults()
	named := map[string]defaults{}
	for _, f := range files {
		for n := range f.Sections {
			s := &f.Sections[n]
			switch s.Kind() {
			case "defaults":
				d := silentDefaults()
				if from, ok := named[after(s.Head, "from")]; ok {
					d = from.copy()
				}
				d.read(s)
				for i := range d.proxy.Options {
					d.proxy.Options[i].Default = true
				}
				for i := range d.proxy.CheckRules {
					d.proxy.CheckRules[i].Default = true
				}
				current = d
				named[s.Name()] = d
			case "frontend", "backend", "listen":
				d := current.copy()
				if from, ok := named[after(s.Head, "from")]; ok {
					d = from.copy()
				}
				d.proxy.Kind, d.proxy.Name, d.proxy.At, d.proxy.Section = s.Kind(), s.Name(), s.Head.At(), s
				d.head(s)
				d.read(s)
				h.Proxies = append(h.Proxies, d.proxy)
			}
		}
	}
	return h
}

func (d defaults) copy() defaults {
	times := map[string]Value[float64]{}
	for k, v := range d.proxy.Timeouts {
		times[k] = v
	}
	d.proxy.Timeouts = times
	d.proxy.Options = append([]Option{}, d.proxy.Options...)
	d.proxy.CheckRules = append([]Option{}, d.proxy.CheckRules...)
	d.proxy.Leads = append([]Value[string]{}, d.proxy.Leads...)
	return d
}

// after is the word after a word, "" where there is none.
func after(l *haproxyconf.Line, word string) string {
	for i := 1; i < len(l.Words); i++ {
		if l.Words[i].Text == word {
			return l.Word(i + 1)
		}
	}
	return ""
}

// head takes the address that HAProxy 1.x allows in a section's head: listen web
// *:80.
func (d *defaults) head(s *haproxyconf.Section) {
	if s.Kind() == "backend" || len(s.Head.Words) < 3 || !strings.Contains(s.Head.Word(2), ":") {
		return
	}
	d.proxy.Binds = append(d.proxy.Binds, binds(s.Head, 2)...)
}

// Backends gives the proxies that a frontend or listen leads to; a listen leads
// to itself as well.
func (h *HAProxy) Backends(p *Proxy) []*Proxy {
	var list []*Proxy
	if p.Kind == "listen" {
		list = append(list, p)
	}
	for i := range h.Proxies {
		q := &h.Proxies[i]
		for _, name := range p.Leads {
			if q.Name == name.V && q.Kind != "frontend" && q != p {
				list = append(list, q)
				break
			}
		}
	}
	return list
}

// Listening gives the proxies that listen, with each of their addresses.
func (h *HAProxy) Listening(see func(*Proxy, Bind)) {
	for i := range h.Proxies {
		for _, b := range h.Proxies[i].Binds {
			see(&h.Proxies[i], b)
		}
	}
}
