package keepalivedconf

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// load reads a set of files whose first is keepalived.conf, and checks that each
// is written back as it was.
func load(t *testing.T, id string, files map[string]string) (*Config, error) {
	t.Helper()
	c, err := Load("keepalived.conf", Options{
		ID: id, Show: func(name string) string { return name },
		Open: func(name string) (string, error) { return files[name], nil },
		Glob: func(_, pattern string) (names []string) {
			for name := range files {
				if ok, _ := path.Match(pattern, name); ok {
					names = append(names, name)
				}
			}
			return names
		},
	})
	if err != nil {
		return nil, err
	}
	for _, f := range c.Files {
		if f.String() != files[f.Name] {
			t.Errorf("%s: read %q, written %q", f.Name, files[f.Name], f.String())
		}
	}
	return c, nil
}

// show writes a tree on one line.
func show(b *Block) string {
	var list []string
	for _, in := range b.Inner {
		var words []string
		for _, w := range in.Words {
			words = append(words, w.Text)
		}
		s := strings.Join(words, "·")
		if in.Braces {
			s += "{" + show(in) + "}"
		}
		list = append(list, s)
	}
	return strings.Join(list, ";")
}

func TestForms(t *testing.T) {
	for text, want := range map[string]string{
		"a b {\n c d\n}\n":                     "a·b{c·d}",
		"a b\n{\n c\n}":                        "a·b{c}",
		"a b{ c }":                             "a·b{c}",
		"a { b { c } d }\ne":                   "a{b{c};d};e",
		"script \"x # ! y\" # note\n! all\nz":  "script·x # ! y;z",
		`script 'a b' c\#d`:                    "script·a b·c#d",
		"a b \\\n c\nd":                        "a·b·c;d",
		"x don't y'z":                          "x·don't·y'z",
		"$P=101\npriority $P\nx a${P}b $Q":     "priority·101;x·a101b·$Q",
		"$T=track {\\\n chk\\\n}\ni {\n $T\n}": "i{track{chk}}",
		"~SEQ(i, 1, 3) a$i x":                  "a1·x;a2·x;a3·x",
		"~SEQ(i, 9, -4, 1) a ${i}":             "a·9;a·5;a·1",
		"~LST(n, p, q) b $n { c }":             "b·p{c};b·q{c}",
		"@lb1 priority 101\n@lb2 priority 100\n@^lb2 x\ny\n": "priority·101;x;y",
		"script \"a \\\"b\\\" c\"":                           `script·a "b" c`,
		"}\na":                                               "a",
		"\r\na {\r\n b\r\n}\r\n":                             "a{b}",
	} {
		c, err := load(t, "lb1", map[string]string{"keepalived.conf": text})
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if got := show(c.Root); got != want {
			t.Errorf("%q is read as\n  %s, not\n  %s", text, got, want)
		}
	}
}

func TestIncludes(t *testing.T) {
	c, err := load(t, "", map[string]string{
		"keepalived.conf": "global {\n}\ninclude conf.d/*.conf\ninclude none.conf\n",
		"conf.d/a.conf":   "a {\n include b.inc\n}\n", "b.inc": "b 1\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := show(c.Root); got != "global{};a{b·1}" || len(c.Missing) != 1 || len(c.Files) != 3 {
		t.Errorf("%s, %d missing, %d files", got, len(c.Missing), len(c.Files))
	}
	if at := c.Root.Inner[1].Inner[0].Words[1].Pos.String(); at != "b.inc:1:3" {
		t.Errorf("the word stands at %s", at)
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"a {\n b {\n }\n":                                                 "1:1: the block a that begins here is not closed",
		"include keepalived.conf":                                         "more than 16 deep",
		"include *\ninclude *":                                            "does a file include itself",
		strings.Repeat("a {", 40):                                         "braces go more than 32 deep",
		"~SEQ(i, 1, 999999) a":                                            "does not end",
		"~SEQ(i, 1, 0, 5) a":                                              "does not end",
		"~SEQ(i, 1, 4000) ~SEQ(j, 1, 4000) a $i":                          "more than 200000 words",
		"$A=x x\n" + strings.Repeat("$A=$A $A\n", 60) + "a $A\n":          "more than 200000 words",
		"$A=xxxxxxxx\n" + strings.Repeat("$A=y${A}${A}\n", 60) + "a $A\n": "more than 200000 words",
	} {
		if _, err := load(t, "", map[string]string{"keepalived.conf": text}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

// Every file that halab itself writes is read and written back.
func TestOwnFiles(t *testing.T) {
	names, err := filepath.Glob("../../render/testdata/*keepalived.conf")
	if err != nil || len(names) < 8 {
		t.Fatalf("%d files: %v", len(names), err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		c, err := load(t, "", map[string]string{"keepalived.conf": string(text)})
		if err != nil || c.Root.Find("vrrp_instance") == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("a {\n b \"c # d\" \\\n e }\n@x y\n$V=1 2\n~SEQ(i,1,3) f $i ${V}\ninclude z\n!")
	f.Add("'a\n\\#{}${")
	f.Fuzz(func(t *testing.T, text string) {
		if file := Tokenize("f", text); file.String() != text {
			t.Fatalf("read %q, written %q", text, file.String())
		}
		_, err := load(t, "x", map[string]string{"keepalived.conf": text})
		_ = fmt.Sprint(err)
	})
}
