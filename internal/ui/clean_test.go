package ui

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "GET /frontend 200", "GET /frontend 200"},
		{"umlauts and wide letters stay", "Grüße 日本", "Grüße 日本"},
		{"colours are dropped", "\x1b[1;31mred\x1b[0m", "red"},
		{"a screen is not erased", "\x1b[2Jx", "^[[2Jx"},
		{"a title is not set", "\x1b]0;owned\x07", "^[]0;owned^G"},
		{"C1 introducer", "\u009b2J", `\u009b2J`},
		{"raw C1 byte", "a\x9b2J", `a\x9b2J`},
		{"a sequence inside a sequence", "\x1b[\x1b[0m31m", "^[[31m"},
		{"an unfinished colour", "\x1b[31", "^[[31"},
		{"line ends", "a\r\nb", "a^M^Jb"},
		{"tab", "a\tb", "a    b"},
		{"delete", "a\x7f", "a^?"},
		{"direction override", "a\u202eb", `a\u202eb`},
		{"zero-width space is seen", "a\u200bb", `a\u200bb`},
		{"line separator", "a\u2028b", `a\u2028b`},
		{"the replacement character itself stays", "\ufffd", "\ufffd"},
		{"a backslash is not touched", `\x1b`, `\x1b`},
	} {
		if got := Clean(c.in); got != c.want {
			t.Errorf("%s: Clean(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "x", "\x1b[31mx", "\x1b[\x1b[0m2J", "\xff\x9b", "\u202e", "a\tb\r\n", "\x1b[38:5:1mx"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if !utf8.ValidString(got) {
			t.Fatalf("Clean(%q) = %q is not UTF-8", s, got)
		}
		for _, r := range got {
			if hidden(r) {
				t.Fatalf("Clean(%q) = %q lets %U through", s, got, r)
			}
		}
		if again := Clean(got); again != got {
			t.Fatalf("cleaning %q again gives %q", got, again)
		}
	})
}

func TestWidthAndTruncate(t *testing.T) {
	for _, c := range []struct {
		in      string
		width   int
		columns int
		want    string
	}{
		{"abc", 3, 3, "abc"},
		{"abcd", 4, 3, "ab…"},
		{"日本", 4, 3, "日…"},
		{"\x1b[31mabcd\x1b[0m", 4, 3, "\x1b[31mab…\x1b[0m"},
		{"e\u0301x", 2, 2, "e\u0301x"},
		{"abc", 3, 1, "…"},
		{"abc", 3, 0, ""},
	} {
		if got := Width(c.in); got != c.width {
			t.Errorf("Width(%q) = %d, want %d", c.in, got, c.width)
		}
		got := Truncate(c.in, c.columns)
		if got != c.want {
			t.Errorf("Truncate(%q, %d) = %q, want %q", c.in, c.columns, got, c.want)
		}
		if Width(got) > c.columns {
			t.Errorf("Truncate(%q, %d) is %d wide", c.in, c.columns, Width(got))
		}
	}
}

func TestWrap(t *testing.T) {
	got := strings.Join(Wrap("the quick  brown\nfox incomprehensibilities jumps", 10), "|")
	if want := "the quick|brown fox|incomprehensibilities|jumps"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTableAlignsPaintedCells(t *testing.T) {
	var b strings.Builder
	table := Table{Indent: " "}
	table.Row("NODE", "STATE", "X")
	table.Row("a", Painted().Good("up"), "")
	table.Row("frontend-01", "down", "日")
	if err := table.Write(&b); err != nil {
		t.Fatal(err)
	}
	want := " NODE         STATE  X\n a            \x1b[32mup\x1b[0m\n frontend-01  down   日\n"
	if b.String() != want {
		t.Errorf("got\n%q, want\n%q", b.String(), want)
	}
}

// What encoding/json leaves in a document, a terminal does not get; the document
// says the same.
func TestHarmlessJSON(t *testing.T) {
	const text = "a\u009b2J\x7f\u202e\x1b[2J"
	var out strings.Builder
	e := json.NewEncoder(HarmlessJSON(&out))
	if err := e.Encode([]string{text}); err != nil {
		t.Fatal(err)
	}
	for _, r := range strings.TrimSuffix(out.String(), "\n") {
		if hidden(r) {
			t.Errorf("%U comes through: %q", r, out.String())
		}
	}
	var back []string
	if err := json.Unmarshal([]byte(out.String()), &back); err != nil || len(back) != 1 || back[0] != text {
		t.Errorf("reads back as %q, %v", back, err)
	}
}
