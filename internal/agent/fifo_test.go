package agent

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestParseNotify(t *testing.T) {
	for _, c := range []struct {
		line, instance, state string
		ok                    bool
	}{
		{"INSTANCE \"frontend-00\" MASTER 254\n", "frontend-00", "MASTER", true},
		{"INSTANCE \"frontend-00\" STOP 254", "frontend-00", "STOP", true},
		{"INSTANCE x FAULT", "x", "FAULT", true},
		{"INSTANCE \"x\" MASTER_RX_LOWER_PRI 254\n", "", "", false},
		{"GROUP \"g\" MASTER 0\n", "", "", false},
		{"INSTANCE \"x\"\n", "", "", false},
		{"\x00\xff\n", "", "", false},
		{"", "", "", false},
	} {
		instance, state, ok := parseNotify(c.line)
		if instance != c.instance || state != c.state || ok != c.ok {
			t.Errorf("%q: %q %q %v", c.line, instance, state, ok)
		}
	}
}

func FuzzParseNotify(f *testing.F) {
	f.Add("INSTANCE \"frontend-00\" MASTER 254\n")
	f.Fuzz(func(t *testing.T, line string) {
		if _, state, ok := parseNotify(line); ok != (state != "") {
			t.Errorf("%q: state %q, ok %v", line, state, ok)
		}
	})
}

// TestFIFOOutlivesItsWriters: keepalived comes and goes, before and after the
// reader.
func TestFIFOOutlivesItsWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := errors.Join(makeFIFO(path), makeFIFO(path)); err != nil {
		t.Fatal(err)
	}
	early, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := early.WriteString("one\n"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	lines, done := make(chan string, 10), make(chan error, 1)
	go func() { done <- readFIFO(ctx, path, func(_ moment, line string) { lines <- line }) }()
	expect(t, lines, "one\n")
	early.Close()
	late, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := late.WriteString("two\nthree\n"); err != nil {
		t.Fatal(err)
	}
	late.Close()
	expect(t, lines, "two\n")
	expect(t, lines, "three\n")
	cancel()
	if err := receive(t, done); err != nil {
		t.Error(err)
	}
}

// receive waits for a value, at most for a while.
func receive[T any](t *testing.T, values <-chan T) T {
	t.Helper()
	select {
	case v := <-values:
		return v
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came for 10 s")
	}
	panic("not reached")
}

func expect[T comparable](t *testing.T, values <-chan T, want T) {
	t.Helper()
	if got := receive(t, values); got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}
