package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func say(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

func TestWriteFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "report.html")
	for _, text := range []string{"first", "second"} {
		if err := WriteFile(path, say(text)); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(path); string(got) != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, %v; want 0644", info.Mode(), err)
	}
	alone(t, dir)
}

// alone says that nothing but the report was left in the folder.
func alone(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

func TestWriteFileKeepsTheOldOneOnFailure(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "report.json")
	if err := WriteFile(path, say("old")); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := WriteFile(path, func(w io.Writer) error {
		fmt.Fprint(w, strings.Repeat("half ", 100_000))
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "old" {
		t.Errorf("the old file holds %.20q now", got)
	}
	alone(t, dir)
}

func TestWriteFileRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("untouched"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(secret, link); err != nil {
		t.Fatal(err)
	}
	dangling := filepath.Join(dir, "dangling")
	if err := os.Symlink(filepath.Join(dir, "made-by-us"), dangling); err != nil {
		t.Fatal(err)
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, path, want string }{
		{"a link", link, "symbolic link"},
		{"a link to nothing", dangling, "symbolic link"},
		{"a pipe", fifo, "not a regular file"},
		{"a folder", dir, "it is a folder"},
		{"a folder by its slash", dir + "/new/", "names a folder"},
		{"a folder that is not there", filepath.Join(dir, "no", "report"), "make the folder first"},
		{"nothing", "", "names a folder"},
		{"the folder above", "..", "names a folder"},
	} {
		called := false
		err := WriteFile(c.path, func(io.Writer) error { called = true; return nil })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
		if called {
			t.Errorf("%s: the report was written", c.name)
		}
	}
	if got, _ := os.ReadFile(secret); string(got) != "untouched" {
		t.Errorf("the link's goal holds %q now", got)
	}
	if _, err := os.Lstat(filepath.Join(dir, "made-by-us")); err == nil {
		t.Error("a file was made through a link")
	}
}

// A link that takes the place of the file while the report is written is
// replaced, never followed.
func TestWriteFileMeetsALinkTooLate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("untouched"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "report")
	err := WriteFile(path, func(w io.Writer) error {
		if err := os.Symlink(secret, path); err != nil {
			return err
		}
		_, err := io.WriteString(w, "report")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(secret); string(got) != "untouched" {
		t.Errorf("the link's goal holds %q now", got)
	}
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		t.Errorf("the report is %v, %v", info, err)
	}
}
