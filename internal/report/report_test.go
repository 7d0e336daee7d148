package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"halab/internal/outage"
)

var update = flag.Bool("update", false, "write the golden files anew")

// marks paints with letters, so that a golden file shows what is painted.
type marks struct{}

func (marks) Bold(s string) string { return "{b:" + s + "}" }
func (marks) Dim(s string) string  { return "{d:" + s + "}" }
func (marks) Good(s string) string { return "{g:" + s + "}" }
func (marks) Bad(s string) string  { return "{r:" + s + "}" }
func (marks) Odd(s string) string  { return "{y:" + s + "}" }

// only is a result with one scenario.
func only(s outage.ScenarioResult) *outage.Result {
	r := drilled()
	r.Scenarios, r.Budget = []outage.ScenarioResult{s}, nil
	return r
}

func TestGolden(t *testing.T) {
	t.Parallel()
	compared := func() Comparison { return Compare("classic.json", classic(), "fast.json", drilled()) }
	for name, write := range map[string]func(io.Writer) error{
		"drill.txt":         func(w io.Writer) error { return Text(w, drilled(), TextOptions{}) },
		"drill-painted.txt": func(w io.Writer) error { return Text(w, drilled(), TextOptions{Style: marks{}}) },
		"drill-anatomy.txt": func(w io.Writer) error { return Text(w, drilled(), TextOptions{Anatomy: true, Columns: 80}) },
		"classic.txt":       func(w io.Writer) error { return Text(w, classic(), TextOptions{Columns: 120}) },
		"hostile.txt":       func(w io.Writer) error { return Text(w, hostile(), TextOptions{Anatomy: true}) },
		"empty.txt":         func(w io.Writer) error { return Text(w, &outage.Result{Interrupted: true}, TextOptions{}) },
		"drill.xml":         func(w io.Writer) error { return JUnit(w, drilled()) },
		"hostile.xml":       func(w io.Writer) error { return JUnit(w, hostile()) },
		"drill.md":          func(w io.Writer) error { return Markdown(w, drilled()) },
		"hostile.md":        func(w io.Writer) error { return Markdown(w, hostile()) },
		"page.html":         func(w io.Writer) error { return HTML(w, only(haproxyKill(1))) },
		"compare.txt":       func(w io.Writer) error { return CompareText(w, compared(), TextOptions{}) },
		"compare.md":        func(w io.Writer) error { return CompareMarkdown(w, compared()) },
		"compare.json":      func(w io.Writer) error { return CompareJSON(w, compared()) },
	} {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := write(&got); err != nil {
				t.Fatal(err)
			}
			golden(t, name, got.Bytes())
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update and look at what it wrote", err)
	}
	if !bytes.Equal(got, want) {
		line := 1 + bytes.Count(commonPrefix(got, want), []byte("\n"))
		t.Errorf("%s differs from line %d on; run with -update and look at the difference\n got: %s\nwant: %s",
			path, line, lineOf(got, line), lineOf(want, line))
	}
}

func commonPrefix(a, b []byte) []byte {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

func lineOf(b []byte, n int) []byte {
	lines := bytes.Split(b, []byte("\n"))
	if n > len(lines) {
		return []byte("(end)")
	}
	return lines[n-1]
}
