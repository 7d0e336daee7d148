package adapt

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/haproxyconf"
)

func TestSample(t *testing.T) {
	for _, pattern := range []string{`^\+OK`, `up[0-9]{3}$`, `^(alive|well)$`, `[^a-z]`, `(?i)ok`, `x*`, `^2\d\d`, `a.c`, `^[[:upper:]]+ [\w.-]+`, `\bready\b`} {
		s, err := sample(pattern)
		if fits, _ := regexp.MatchString(pattern, s); err != nil || !fits {
			t.Errorf("%s: %q, %v", pattern, s, err)
		}
	}
	for _, pattern := range []string{`(?=x)y`, `(`, `a\bb`} {
		if s, err := sample(pattern); err == nil {
			t.Errorf("%s: %q", pattern, s)
		}
	}
}

// proxy reads a backend.
func proxy(t *testing.T, lines string) *facts.Proxy {
	t.Helper()
	f, err := haproxyconf.Parse("haproxy.cfg", lines+"\n", facts.Version("2.6.12"), nil)
	if err != nil {
		t.Fatal(err)
	}
	h := facts.ReadHAProxy([]*haproxyconf.File{f}, "2.6.12")
	return &h.Proxies[len(h.Proxies)-1]
}

// talks writes what a check says and expects, or why that can't be answered.
func talks(list []talk, problems []error) string {
	var b strings.Builder
	for _, t := range list {
		fmt.Fprintf(&b, "[%d %v", t.port, t.tls)
		for _, s := range t.steps {
			fmt.Fprintf(&b, " %q→%q", s.Await, s.Say)
		}
		for _, a := range t.asks {
			fmt.Fprintf(&b, " %s %s→%d %q %v", a.Method, a.Path, a.Status, a.Body, a.Headers)
		}
		b.WriteString("]")
	}
	for _, err := range problems {
		fmt.Fprintf(&b, " !%v", err)
	}
	return b.String()
}

func TestRequests(t *testing.T) {
	for lines, want := range map[string]string{
		"option httpchk": `[0 false OPTIONS /→200 "" map[]]`,
		"option httpchk GET /a\nhttp-check expect status 200,204":                                          `[0 false GET /a→200 "" map[]]`,
		"option httpchk GET /a\nhttp-check expect status 301-399":                                          `[0 false GET /a→301 "" map[]]`,
		"option httpchk GET /a\nhttp-check expect ! status 200-299":                                        `[0 false GET /a→300 "" map[]]`,
		"option httpchk GET /a\nhttp-check expect rstatus ^5":                                              `[0 false GET /a→500 "" map[]]`,
		"option httpchk GET /a\nhttp-check expect min-recv 4 string ok":                                    `[0 false GET /a→200 "ok  " map[]]`,
		"option httpchk GET /a\nhttp-check expect status 201\nhttp-check expect string x":                  `[0 false GET /a→201 "x" map[]]`,
		"option httpchk GET /a\nhttp-check expect hdr name a value b":                                      `[0 false GET /a→200 "" map[a:b]]`,
		"option httpchk\nhttp-check connect port 81 ssl\nhttp-check send meth GET uri /b":                  `[81 true GET /b→200 "" map[]]`,
		"option httpchk GET /a\nhttp-check disable-on-404\nhttp-check expect status 200":                   `[0 false GET /a→200 "" map[]]`,
		"option httpchk GET /a\nhttp-check expect rstring (?=a)b":                                          "!",
		"option httpchk GET /a\nhttp-check expect comment a on-error %[res.body] status-code x string yes": `[0 false GET /a→200 "yes" map[]]`,
	} {
		if got := talks(requests(proxy(t, "backend a\n"+lines))); want == "!" && !strings.Contains(got, "!haproxy.cfg:3:1: ") || want != "!" && !strings.HasPrefix(got, want) {
			t.Errorf("%s:\n%s, not\n%s", lines, got, want)
		}
	}
}

func TestDialogs(t *testing.T) {
	for lines, want := range map[string]string{
		"": "[0 false]",
		"tcp-check expect string 220\ntcp-check send QUIT\\r\\n\ntcp-check expect rstring ^2": `[0 false ""→"220" "QUIT\r\n"→"2"]`,
		"tcp-check send a\ntcp-check expect string b\ntcp-check expect string c":              `[0 false "a"→"bc"]`,
		"tcp-check send-binary 6162\ntcp-check expect binary 00ff":                            `[0 false "ab"→"\x00\xff"]`,
		"tcp-check connect port 1\ntcp-check connect port 2 ssl\ntcp-check expect string x":   `[1 false][2 true ""→"x"]`,
		"tcp-check send a\ntcp-check expect ! string ok":                                      `[0 false "a"→"200\r\n"]`,
		"tcp-check send-lf a%[src]b\ntcp-check expect string c":                               `[0 false "a"→"c"]`,
		"tcp-check send-binary 6x": "!",
	} {
		if got := talks(dialogs(proxy(t, "backend a\noption tcp-check\n"+lines).CheckRules)); want == "!" && !strings.Contains(got, "!haproxy.cfg:3:1: ") || want != "!" && got != want {
			t.Errorf("%s:\n%s, not\n%s", lines, got, want)
		}
	}
}

// What a section has from its defaults holds until it has steps of its own.
func TestChecksOfDefaults(t *testing.T) {
	const defaults = "defaults\nmode http\noption httpchk GET /d\nhttp-check expect status 204\n"
	if got := talks(requests(proxy(t, defaults+"backend a\n"))); !strings.HasPrefix(got, `[0 false GET /d→204`) {
		t.Error(got)
	}
	if got := talks(requests(proxy(t, defaults+"backend a\nhttp-check expect status 205\n"))); !strings.HasPrefix(got, `[0 false GET /d→205`) {
		t.Error(got)
	}
}
