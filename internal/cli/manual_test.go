package cli

import (
	"regexp"
	"strings"
	"testing"
)

// Every command has a page with all of its flags and examples, and nothing that
// roff would take for a macro that it is not: a line of help that begins with a dot
// would vanish.
func TestManual(t *testing.T) {
	p := &program{}
	macro := regexp.MustCompile(`^\.(TH|SH|PP|TP|nf|fi)( "|$)`)
	pages := map[string]string{"halab": manual(p.commands())}
	for _, s := range p.commands() {
		if s.hidden {
			continue
		}
		page := commandManual(s)
		pages[s.name] = page
		if !strings.Contains(pages["halab"], `halab\-`+s.name) {
			t.Errorf("the page of halab does not name %s", s.name)
		}
		for _, f := range s.flags {
			if !strings.Contains(page, escapeRoff(flagHead(f))) {
				t.Errorf("the page of %s has no %s", s.name, flagHead(f))
			}
		}
		for _, e := range s.examples {
			if !strings.Contains(page, guardRoff(escapeRoff(e))) {
				t.Errorf("the page of %s has no example %s", s.name, e)
			}
		}
	}
	for name, page := range pages {
		for line := range strings.Lines(page) {
			if strings.HasPrefix(line, ".") && !macro.MatchString(strings.TrimSpace(line)) || strings.HasPrefix(line, "'") {
				t.Errorf("%s: roff takes %q for a macro", name, line)
			}
		}
	}
}

func TestRoff(t *testing.T) {
	r := &roff{}
	r.text(".halab is a folder\n\nOne of:\n   stop   ends it\n          in order\n   'kill'  at\\once")
	want := ".PP\n\\&.halab is a folder\n.PP\nOne of:\n.TP\n\\fBstop\\fR\nends it\nin order\n.TP\n\\fB'kill'\\fR\nat\\eonce\n"
	if r.String() != want {
		t.Errorf("%q\nnot\n%q", r.String(), want)
	}
}
