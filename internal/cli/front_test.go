package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"halab/internal/app"
)

// frontendSecond is the built-in description with the backend before the frontend.
func frontendSecond(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../compose/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(text), "    frontend:\n      vip:\n")
	front, rest, also := strings.Cut(rest, "    backend:\n      vip:\n")
	back, tail, third := strings.Cut(rest, "\n# Everything the lab makes")
	if !found || !also || !third {
		t.Fatal("compose.yaml has no frontend before a backend")
	}
	file := filepath.Join(t.TempDir(), "lab.yaml")
	var unranked []string // the rank of a node is its place in the file
	for line := range strings.Lines(tail) {
		if !strings.Contains(line, "halab.rank") {
			unranked = append(unranked, line)
		}
	}
	tail = strings.Join(unranked, "")
	moved := head + "    backend:\n      vip:\n" + back + "    frontend:\n      vip:\n" + front + "\n# Everything the lab makes" + tail
	if err := os.WriteFile(file, []byte(moved), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// up, curl, watch and drills mean the same cluster by "in front".
func TestFrontIsOneCluster(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, file, cluster, url string }{
		{"the frontend second", frontendSecond(t), "frontend", "http://192.168.99.10/frontend"},
		{"one cluster", "../../examples/one-cluster.yaml", "backend", "http://192.168.99.20/backend"},
	} {
		w := newWorld(t, c.file).buildable()
		r := w.run("up", "-f", c.file, "--base", "debian12", "--json")
		var up app.UpResult
		if err := json.Unmarshal([]byte(r.stdout), &up); err != nil || r.code != 0 || up.URL != c.url {
			t.Fatalf("%s: up says %q: exit %d, %v\n%s", c.name, up.URL, r.code, err, r.stderr)
		}
		if r = w.run("status"); !strings.Contains(r.stdout, ": ready") {
			t.Errorf("%s:\n%s%s", c.name, r.stdout, r.stderr)
		}
		for _, command := range []string{"curl", "watch --count 4"} {
			w.Engine.Forget()
			if r = w.run(strings.Fields(command)...); r.code != 0 {
				t.Errorf("%s: %s: exit %d\n%s", c.name, command, r.code, r.stderr)
			}
			if calls := w.Engine.CallsOf("Exec"); len(calls) != 1 || !strings.HasSuffix(calls[0].String(), " "+c.url) {
				t.Errorf("%s: %s asks %v, not %s", c.name, command, calls, c.url)
			}
		}
	}
}
