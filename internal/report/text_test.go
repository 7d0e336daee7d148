package report

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"halab/internal/outage"
)

// The table is for a terminal of 80 columns, and a line of it is never wider.
func TestTextFitsTheTerminal(t *testing.T) {
	t.Parallel()
	for _, columns := range []int{0, 80, 120} {
		var b bytes.Buffer
		if err := Text(&b, drilled(), TextOptions{Anatomy: true, Columns: columns}); err != nil {
			t.Fatal(err)
		}
		limit := max(columns, 80)
		for i, line := range strings.Split(b.String(), "\n") {
			if n := len([]rune(line)); n > limit {
				t.Errorf("line %d is %d wide, the terminal %d: %s", i+1, n, limit, line)
			}
		}
	}
}

// Nothing that came from outside acts on the terminal or breaks a line.
func TestNoReportLetsControlsThrough(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(*bytes.Buffer) error{
		"text":     func(b *bytes.Buffer) error { return Text(b, hostile(), TextOptions{Anatomy: true}) },
		"markdown": func(b *bytes.Buffer) error { return Markdown(b, hostile()) },
		"junit":    func(b *bytes.Buffer) error { return JUnit(b, hostile()) },
		"html":     func(b *bytes.Buffer) error { return HTML(b, hostile()) },
		"compare": func(b *bytes.Buffer) error {
			return CompareText(b, Compare("\x1b[2J", hostile(), "\x9b", hostile()), TextOptions{})
		},
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, r := range b.String() {
			if r != '\n' && r != '\t' && unicode.In(r, unicode.Cc, unicode.Cf) {
				t.Errorf("%s lets %U through", name, r)
				break
			}
		}
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   float64
		want string
	}{
		{0, "0"}, {0.04, "0"}, {-0.04, "0"}, {0.05, "0.1"}, {4, "4.0"}, {99.94, "99.9"},
		{99.96, "100"}, {3113.4, "3113"}, {-0.6, "−0.6"},
	} {
		if got := number(c.in); got != c.want {
			t.Errorf("number(%v) = %q, want %q", c.in, got, c.want)
		}
	}
	if got := withUnit(0.03, "ms"); got != "0.03 ms" {
		t.Errorf("a budget that is missed by 0.03 ms is missed by %q", got)
	}
}

// What is remarkable is told once, and what a scenario is there to show is not.
func TestNotes(t *testing.T) {
	t.Parallel()
	got := notes(keepalivedKill())
	if len(got) != 1 || got[0].Text != "run 2, fault: expected, but not seen: two interfaces held the VIP" {
		t.Errorf("got %v", got)
	}
	s := haproxyKill(1)
	s.Runs[0].Phases[0].Invariants = []outage.Invariant{{Name: outage.InvStaleVIP, Ms: 3, Expect: outage.Never}}
	if s.Flags = outage.Flags(s, nil); len(s.Flags) != 1 {
		t.Fatalf("flags %v", s.Flags)
	}
	if got := notes(s); len(got) != 1 || got[0].Text != "run 1, fault: the VIP stayed on a node without keepalived for 3.0 ms" {
		t.Errorf("got %v", got)
	}
}
