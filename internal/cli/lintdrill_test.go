package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"halab/internal/drill"
	"halab/internal/topology"
)

// unpack writes the files of a fixture of lint: "-- lb1/haproxy.cfg --" begins
// each of them.
func unpack(t *testing.T, fixture string) (dir string) {
	t.Helper()
	text, err := os.ReadFile(fixture)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for part := range strings.SplitSeq("\n"+string(text), "\n-- ") {
		name, body, found := strings.Cut(part, " --\n")
		if !found {
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A finding may say "drill startup"; whoever then runs `halab drill startup` must
// not hear that there is none.
func TestLintNamesDrillsThatThereAre(t *testing.T) {
	t.Parallel()
	fixtures, err := filepath.Glob("../daemonconf/lint/testdata/cases/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	menu, named := drill.NewMenu(&topology.Lab{Profile: topology.ProfileFast, Clusters: []topology.Cluster{{Name: "frontend"}}}, nil), 0
	for _, fixture := range fixtures {
		_, stdout, _ := lintRun(t, unpack(t, fixture), "--json")
		var doc linted
		if json.Unmarshal([]byte(stdout), &doc) != nil {
			continue // a template: lint says so and no more
		}
		for _, f := range doc.Findings {
			if f.Drill == "" {
				continue
			}
			named++
			if _, err := menu.Pick([]string{f.Drill}); err != nil {
				t.Errorf("%s: %s: %v", fixture, f.Rule, err)
			}
		}
	}
	if named < 20 {
		t.Errorf("%d findings name a drill, of %d fixtures", named, len(fixtures))
	}
}
