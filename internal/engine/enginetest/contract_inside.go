package enginetest

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"halab/internal/engine"
)

func (b *bench) execBasics(t *testing.T) {
	ctx, spec := t.Context(), b.spec(b.name("exec"), "wait")
	spec.Env = []string{"GREETING=hello"}
	id := b.started(t, spec)
	for _, try := range []struct {
		command []string
		env     []string
		stdin   io.Reader
		code    int
		stdout  string
		stderr  string
	}{
		{command: []string{"exit", "7"}, code: 7},
		{command: []string{"say", "to stdout"}, stdout: "to stdout\n"},
		{command: []string{"cry", "to stderr"}, stderr: "to stderr\n"},
		{command: []string{"env", "GREETING"}, stdout: "hello\n"},
		{command: []string{"env", "MORE"}, env: []string{"MORE=x=y"}, stdout: "x=y\n"},
		{command: []string{"cat"}, stdin: strings.NewReader(strings.Repeat("0123456789", 20_000)), stdout: strings.Repeat("0123456789", 20_000)},
		{command: []string{"cat"}, stdin: nil, stdout: ""},
		{command: []string{"long", "100000"}, stdout: strings.Repeat("x", 100_000) + "\n"},
	} {
		var stdout, stderr bytes.Buffer
		code, err := b.engine.Exec(ctx, id, engine.ExecSpec{
			Command: append([]string{puppetPath}, try.command...), Env: try.env,
			Stdin: try.stdin, Stdout: &stdout, Stderr: &stderr,
		})
		if err != nil || code != try.code || stdout.String() != try.stdout || stderr.String() != try.stderr {
			t.Errorf("%v: code %d, error %v, %d bytes out, stderr %q; want %d, %d bytes, %q",
				try.command, code, err, stdout.Len(), stderr.String(), try.code, len(try.stdout), try.stderr)
		}
	}
	code, err := b.engine.Exec(ctx, id, engine.ExecSpec{Command: []string{puppetPath, "say", "to nobody"}})
	if err != nil || code != 0 {
		t.Errorf("exec without writers: %d, %v", code, err)
	}
	_, err = b.engine.Exec(ctx, b.name("nobody"), engine.ExecSpec{Command: []string{puppetPath, "exit", "0"}})
	b.refused(t, "exec in nobody", err, engine.ErrNotFound)
	b.do(t, "kill", b.engine.ContainerKill(ctx, id, ""))
	b.reaches(t, id, engine.StateExited)
	_, err = b.engine.Exec(ctx, id, engine.ExecSpec{Command: []string{puppetPath, "exit", "0"}})
	b.refused(t, "exec in a stopped container", err, engine.ErrConflict)
}

func (b *bench) execTerminal(t *testing.T) {
	id := b.started(t, b.spec(b.name("tty"), "wait"))
	var stdout bytes.Buffer
	sizes := make(chan [2]uint, 1)
	sizes <- [2]uint{100, 30}
	input, keyboard := io.Pipe()
	defer func() { _ = keyboard.Close() }()
	code, err := b.engine.Exec(t.Context(), id, engine.ExecSpec{
		Command: []string{puppetPath, "say", "hello"}, TTY: true,
		Stdin: input, Stdout: &stdout, Resize: sizes,
	})
	if err != nil || code != 0 || strings.TrimSpace(stdout.String()) != "hello" {
		t.Errorf("code %d, error %v, output %q", code, err, stdout.String())
	}
}

func (b *bench) execCancelled(t *testing.T) {
	id := b.started(t, b.spec(b.name("cancel"), "wait"))
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(t.Context())
	input, keyboard := io.Pipe()
	defer func() { _ = keyboard.Close() }()
	said, speak := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := b.engine.Exec(ctx, id, engine.ExecSpec{
			Command: []string{puppetPath, "cat"}, Stdin: input, Stdout: speak,
		})
		done <- err
	}()
	if _, err := keyboard.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := said.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled exec: %v", err)
		}
	case <-time.After(patience):
		t.Fatal("exec doesn't notice that it is cancelled")
	}
	eventually(t, "end of the exec's goroutines", func() bool { return runtime.NumGoroutine() <= before+idleReaders })
}

// idleReaders is how many goroutines a kept connection may have.
const idleReaders = 2

func (b *bench) execKilled(t *testing.T) {
	id := b.started(t, b.spec(b.name("killed"), "wait"))
	said, speak := io.Pipe()
	type result struct {
		code int
		err  error
	}
	done := make(chan result, 1)
	go func() {
		code, err := b.engine.Exec(t.Context(), id, engine.ExecSpec{Command: []string{puppetPath, "wait"}, Stdout: speak})
		done <- result{code, err}
	}()
	if _, err := said.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	b.do(t, "kill", b.engine.ContainerKill(t.Context(), id, "KILL"))
	select {
	case got := <-done:
		if got.err == nil && got.code == 0 {
			t.Error("an exec whose container was killed reports success")
		}
	case <-time.After(patience):
		t.Fatal("exec outlives its container")
	}
}

func (b *bench) logs(t *testing.T) {
	id := b.started(t, b.spec(b.name("log"), "long", "40000"))
	if _, err := b.engine.ContainerWait(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b.do(t, "start again", b.engine.ContainerStart(t.Context(), id))
	if _, err := b.engine.ContainerWait(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	lines := b.log(t, id, engine.LogOptions{Tail: -1})
	if len(lines) != 2 || lines[0].Text != strings.Repeat("x", 40_000) || lines[1].Text != lines[0].Text {
		t.Errorf("two long lines came as %d", len(lines))
	}
	for i, line := range lines {
		if line.Time.IsZero() || line.Stderr || i > 0 && line.Time.Before(lines[i-1].Time) {
			t.Errorf("line %d: time %s, stderr %v", i, line.Time, line.Stderr)
		}
	}
	crying := b.started(t, b.spec(b.name("cry"), "cry", "oh dear"))
	b.says(t, crying, "oh dear")
	if got := b.log(t, crying, engine.LogOptions{Tail: 1}); len(got) != 1 || !got[0].Stderr {
		t.Errorf("stderr: %+v", got)
	}
	if got := b.log(t, crying, engine.LogOptions{Tail: 0}); len(got) != 0 {
		t.Errorf("a tail of none: %+v", got)
	}
	if got := b.log(t, crying, engine.LogOptions{Tail: -1, Since: time.Now().Add(time.Hour)}); len(got) != 0 {
		t.Errorf("since an hour from now: %+v", got)
	}
	enough := errors.New("enough")
	err := b.engine.Logs(t.Context(), crying, engine.LogOptions{Tail: -1}, func(engine.LogLine) error { return enough })
	if err != enough {
		t.Errorf("the reader's own error came back as %v", err)
	}
	err = b.engine.Logs(t.Context(), b.name("nobody"), engine.LogOptions{Tail: -1}, nil)
	b.refused(t, "log of nobody", err, engine.ErrNotFound)
}

func (b *bench) logsFollowed(t *testing.T) {
	id := b.started(t, b.spec(b.name("follow"), "wait"))
	lines := make(chan string, 16)
	done := make(chan error, 1)
	read := func(ctx context.Context) {
		done <- b.engine.Logs(ctx, id, engine.LogOptions{Follow: true, Tail: -1}, func(line engine.LogLine) error {
			lines <- line.Text
			return nil
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	go read(ctx)
	if got := <-lines; got != "ready" {
		t.Errorf("first line %q", got)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled log: %v", err)
	}
	go read(t.Context())
	<-lines
	b.do(t, "stop", b.engine.ContainerStop(t.Context(), id, patience))
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("the log of a container that stopped: %v", err)
		}
	case <-time.After(patience):
		t.Fatal("the log doesn't end with its container")
	}
}

func (b *bench) copying(t *testing.T) {
	ctx, id := t.Context(), b.create(t, b.spec(b.name("copy"), "wait"))
	const text = "a small file"
	b.do(t, "copy to", b.engine.CopyTo(ctx, id, "/", bytes.NewReader(tarOf(t, "note", []byte(text)))))
	stream, err := b.engine.CopyFrom(ctx, id, "/note")
	b.do(t, "copy from", err)
	defer func() { _ = stream.Close() }()
	r := tar.NewReader(stream)
	header, err := r.Next()
	b.do(t, "read the tar", err)
	got, err := io.ReadAll(r)
	if err != nil || header.Name != "note" || string(got) != text {
		t.Errorf("got %s with %q, %v", header.Name, got, err)
	}
	_, err = b.engine.CopyFrom(ctx, id, "/nothing")
	b.refused(t, "copy what isn't there", err, engine.ErrNotFound)
}
