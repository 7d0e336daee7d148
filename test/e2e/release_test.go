package e2e

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Two releases of one commit are equal byte for byte, though they are made in two
// folders, each with compiled files of its own; and what they hold is whole: the
// package has the binary, a manual page for each command and the completions, and
// the binary of it runs.
func TestRelease(t *testing.T) {
	Nightly(t)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	one, two := madeRelease(t, root), madeRelease(t, root)
	if len(one) != 7 {
		t.Errorf("%d files, not 7: %v", len(one), one)
	}
	for name, sum := range one {
		if two[name] != sum {
			t.Errorf("%s is another in the second build", name)
		}
	}
}

// madeRelease makes a release in a fresh clone and gives the sums of its files.
func madeRelease(t *testing.T, root string) map[string]string {
	t.Helper()
	clone := filepath.Join(t.TempDir(), "halab")
	run := func(dir, name string, args ...string) string {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOCACHE="+filepath.Join(clone, ".cache"), "VERSION=9.9.9", "GOFLAGS=")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	run(root, "git", "clone", "-q", root, clone)
	run(clone, "scripts/release")
	dist := filepath.Join(clone, "dist", "release")
	run(dist, "sha256sum", "-c", "SHA256SUMS")
	checkPackage(t, filepath.Join(dist, "halab_9.9.9_amd64.deb"), run)
	files, err := filepath.Glob(filepath.Join(dist, "*"))
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		sums[filepath.Base(f)] = fmt.Sprintf("%x", sha256.Sum256(data))
	}
	return sums
}

func checkPackage(t *testing.T, deb string, run func(dir, name string, args ...string) string) {
	t.Helper()
	into := t.TempDir()
	run(into, "dpkg-deb", "-x", deb, into)
	if said := run(into, "usr/bin/halab", "version"); !strings.Contains(said, "9.9.9") {
		t.Errorf("the package's halab says\n%s", said)
	}
	for _, path := range []string{
		"usr/share/man/man1/halab.1.gz", "usr/share/man/man1/halab-drill.1.gz", "usr/share/zsh/vendor-completions/_halab",
		"usr/share/bash-completion/completions/halab", "usr/share/fish/vendor_completions.d/halab.fish", "usr/share/doc/halab/README.md",
	} {
		if _, err := os.Stat(filepath.Join(into, path)); err != nil {
			t.Errorf("the package has no %s", path)
		}
	}
}
