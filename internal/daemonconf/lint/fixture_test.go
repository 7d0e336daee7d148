package lint

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"halab/internal/daemonconf"
	"halab/internal/daemonconf/facts"
)

// fixture reads a file that holds a folder: "-- lb1/haproxy.cfg --" begins each
// of its files.
func fixture(t testing.TB, name string) fstest.MapFS {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	current := ""
	for line := range strings.Lines(string(text)) {
		if head, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok && strings.HasSuffix(head, " --") {
			current = strings.TrimSuffix(head, " --")
			files[current] = &fstest.MapFile{Mode: 0o644}
			continue
		}
		files[current].Data = append(files[current].Data, line...)
	}
	return files
}

func base(t testing.TB, name string) daemonconf.Versions {
	t.Helper()
	v, ok := daemonconf.BaseVersions(name)
	if !ok {
		t.Fatalf("no base %s", name)
	}
	return v
}

func load(t testing.TB, files fstest.MapFS, on string) []facts.Node {
	t.Helper()
	nodes, err := daemonconf.Load([]daemonconf.Place{{Files: files, Name: ".", Label: "lb1"}}, base(t, on))
	if err != nil {
		t.Fatal(err)
	}
	return nodes
}

func report(t testing.TB, name, on string) Report {
	t.Helper()
	return Run(load(t, fixture(t, name), on))
}

// text writes a report for a golden file.
func text(r Report) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s: %s [%s]\n  %s\n  sees: %s\n", f.At, f.Severity, f.Rule, f.What, f.Sees)
		for _, at := range f.Also {
			fmt.Fprintf(&b, "  also: %s\n", at)
		}
		if f.Cure != nil {
			fmt.Fprintf(&b, "  cure: %s (%s)\n", f.Cure.Text, f.Cure.At)
			for _, l := range f.Cure.Old {
				fmt.Fprintf(&b, "  -%s\n", l)
			}
			for _, l := range f.Cure.New {
				fmt.Fprintf(&b, "  +%s\n", l)
			}
		}
	}
	for _, table := range r.Tables {
		fmt.Fprintf(&b, "%v on %v, held by %s\n", table.VIPs, table.Nodes, table.Holder)
		for _, row := range table.Rows {
			fmt.Fprintf(&b, "  %-17s %-28s %s\n      %s\n", row.Fault, Words(row), HeldWords(row), row.Formula)
		}
	}
	for _, line := range r.Unjudged {
		fmt.Fprintf(&b, "not judged: %s\n", line)
	}
	return b.String()
}
