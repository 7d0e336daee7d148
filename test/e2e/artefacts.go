package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// artefacts is the folder that keeps what a failed test leaves for people.
func artefacts(t testing.TB) string {
	root, err := filepath.Abs(filepath.Join("..", "..", "dist", "e2e"))
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(root, filepath.FromSlash(strings.ReplaceAll(t.Name(), " ", "_")))
}

// transcript adds a run of halab to the test's own; it stays if the test fails.
func transcript(t testing.TB, r Result) {
	folder := artefacts(t)
	path := filepath.Join(folder, "transcript.txt")
	if _, err := os.Stat(path); err != nil {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("kept in %s: what was run, and what came of it", folder)
				return
			}
			_ = os.RemoveAll(folder) // nobody asks for it
		})
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(f, r)
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// KeepOnFailure saves what the lab says of itself if the test fails. Cleanups
// run last one first: call it after the one that mends the lab is registered.
func (l *Lab) KeepOnFailure(t testing.TB) {
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		l.Try(t, "status")
		l.Try(t, "logs", "--tail", "200")
		out, err := tryCommand("docker", "ps", "-a", "--no-trunc", "--filter", "label=halab.lab="+l.Name)
		if err != nil {
			out = err.Error()
		}
		if err := os.WriteFile(filepath.Join(artefacts(t), "docker-ps.txt"), []byte(out+"\n"), 0o644); err != nil {
			t.Log(err)
		}
	})
}
