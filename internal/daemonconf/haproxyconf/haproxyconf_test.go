package haproxyconf

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// atLeast is a version that is compared as text: enough for 2.4 and 2.6.
type atLeast string

func (v atLeast) AtLeast(text string) bool { return string(v) >= text }

func parse(t *testing.T, text string) *File {
	t.Helper()
	f, err := Parse("haproxy.cfg", text, atLeast("2.6"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if back := f.String(); back != text {
		t.Fatalf("written back:\n%q\nread:\n%q", back, text)
	}
	return f
}

func TestWords(t *testing.T) {
	for raw, want := range map[string]string{
		`a b`:                  "a|b",
		`a\ b c`:               "a b|c",
		`"a b"'c "d'`:          `a bc "d`,
		`a#b`:                  "a",
		`a\#b # c`:             "a#b",
		`"#" '\#'`:             `#|\#`,
		`\x41\n`:               "A\n",
		`"${X}" ${X} '$X'`:     "${X}|${X}|$X",
		`"${X-80}"`:            "80",
		`\d+ "\$x"`:            `\d+|$x`,
		"\ta  b\t \r":          "a|b",
		`http-check expect ""`: "http-check|expect|",
	} {
		f := parse(t, raw+"\n")
		var got []string
		for _, w := range f.Lines[0].Words {
			got = append(got, w.Text)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%s is read as %q, not %q", raw, strings.Join(got, "|"), want)
		}
	}
}

func TestPlaces(t *testing.T) {
	f := parse(t, "# note\nfrontend web\n\tbind  192.0.2.10:80\n")
	w := f.Sections[0].Lines[0].Words[1]
	if got := w.Pos.String(); got != "haproxy.cfg:3:8" {
		t.Errorf("the address stands at %s", got)
	}
}

func TestConditions(t *testing.T) {
	f := parse(t, `.if version_atleast(2.4)
global
.elif version_atleast(1.5)
backend old
.else
backend older
.endif
.if !version_atleast(2.4) || 0
backend never
	.if 1
	server a 192.0.2.1:80
	.endif
.endif
.if feature(OPENSSL)
frontend tls
.endif
`)
	var got []string
	for _, s := range f.Sections {
		got = append(got, strings.TrimSpace(s.Kind()+" "+s.Name()))
	}
	if strings.Join(got, ",") != "global,frontend tls" {
		t.Errorf("sections: %q", got)
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"a 'b\n":                        "1:3: the quote ' is not closed",
		"x\n.endif\n":                   "2:1: .endif stands without an .if",
		".if 1\n":                       "1:1: this .if has no .endif",
		".if 1\n.else\n.else\n.endif\n": "3:1: .else stands after .else",
		strings.Repeat(".if 1\n", 11):   "11:1: more than 10 .if",
	} {
		_, err := Parse("f", text, nil, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Every file that halab itself writes is read and written back.
func TestOwnFiles(t *testing.T) {
	names, err := filepath.Glob("../../render/testdata/*haproxy.cfg")
	if err != nil || len(names) < 8 {
		t.Fatalf("%d files: %v", len(names), err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if f := parse(t, string(text)); len(f.Sections) < 5 {
			t.Errorf("%s: %d sections", name, len(f.Sections))
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("global\n\tmaxconn 10 # \\x\n.if 1\ndefaults a from b\n.endif\nlisten \"x y\" '$'")
	f.Add("a \"${X-}\"\\x4")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Parse("f", text, atLeast("2.6"), func(string) (string, bool) { return "v", true })
		if err == nil && file.String() != text {
			t.Fatalf("read %q, written %q", text, file.String())
		}
	})
}
