package lint

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"halab/internal/daemonconf"
	"halab/internal/daemonconf/facts"
)

// daemon runs a daemon's own test of a file, which starts nothing.
func daemon(t *testing.T, args ...string) (code int, output string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		t.Fatal(err)
	}
	return code, string(out)
}

// installed gives the daemons' versions, and skips the test where one is absent.
func installed(t *testing.T) daemonconf.Versions {
	t.Helper()
	version := regexp.MustCompile(`(?i)(?:haproxy version |keepalived v)(\d+\.\d+\.\d+)`)
	var found []facts.Version
	for _, name := range []string{"keepalived", "haproxy"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Skipf("%s is not installed here", name)
		}
		_, out := daemon(t, path, "-v")
		m := version.FindStringSubmatch(out)
		if m == nil {
			t.Fatalf("%s -v says no version: %s", name, out)
		}
		found = append(found, facts.Version(m[1]))
	}
	return daemonconf.Versions{Keepalived: found[0], HAProxy: found[1]}
}

// unpack writes a fixture into a folder.
func unpack(t *testing.T, files fstest.MapFS) string {
	t.Helper()
	dir := t.TempDir()
	for name, f := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The daemons themselves are the second witness: what HAProxy refuses, lint
// refuses, and the other way round; what keepalived ignores, lint says it ignores.
func TestSecondWitness(t *testing.T) {
	versions := installed(t)
	seen := map[string]bool{} // many fixtures have one haproxy.cfg
	for _, name := range append(names(t, "cases"), names(t, "sound")...) {
		t.Run(name, func(t *testing.T) {
			dir := unpack(t, fixture(t, name))
			nodes, err := daemonconf.Load([]daemonconf.Place{{Files: os.DirFS(dir), Name: ".", Label: "lb1"}}, versions)
			if err != nil {
				return // a template: the daemons take some of them, and what runs then is nobody's wish
			}
			r := Run(nodes)
			refused := slices.ContainsFunc(r.Findings, func(f Finding) bool { return strings.Contains(f.What, "refuses the file") })
			for _, n := range nodes {
				if text := n.HAProxy.Files[0].String(); !seen[text] {
					seen[text] = true
					code, out := daemon(t, "haproxy", "-c", "-f", filepath.Join(dir, n.HAProxy.File))
					if (code != 0) != refused {
						t.Errorf("haproxy -c of %s ends with %d; lint refuses it: %v\n%s", n.Name, code, refused, out)
					}
				}
				keepalivedAgrees(t, n, dir, r)
			}
		})
	}
}

// keepalivedAgrees compares what keepalived says of tracked scripts. Its test
// ends with 0 or, for what it goes on over, with 4 to 6.
func keepalivedAgrees(t *testing.T, n facts.Node, dir string, r Report) {
	t.Helper()
	id, _, _ := strings.Cut(n.Name, ".")
	code, out := daemon(t, "keepalived", "-t", "-i", id, "-f", filepath.Join(dir, n.Keepalived.File))
	if strings.Contains(out, "Error setting global script uid/gid") {
		return // the file's script_user is not on this machine
	}
	if code > 0 && code < 4 {
		t.Errorf("keepalived -t of %s refuses the file (%d), and lint does not:\n%s", n.Name, code, out)
	}
	ignored := strings.Contains(out, "not found, ignoring")
	said := slices.ContainsFunc(r.Findings, func(f Finding) bool {
		return f.Rule == ruleBelow || f.Rule == ruleUndefined || f.Rule == "script-disabled" && strings.Contains(f.What, "script_user")
	})
	if code != -1 && ignored != said {
		t.Errorf("keepalived ignores a tracked script of %s: %v; lint says so: %v\n%s", n.Name, ignored, said, out)
	}
	const word = "unicast keyword has been specified without any unicast peers"
	empty := slices.ContainsFunc(r.Findings, func(f Finding) bool { return strings.Contains(f.What, "unicast_peer of "+n.Name+" is empty") })
	if strings.Contains(out, word) != empty {
		t.Errorf("keepalived says of %s %q: %v; lint: %v", n.Name, word, !empty, empty)
	}
}
