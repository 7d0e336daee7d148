package docker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"halab/internal/engine"
)

// execServer is a server with one exec, whose connection talk has.
func execServer(t *testing.T, talk func(conn net.Conn, input io.Reader)) (*fakeServer, *map[string]any) {
	s := newServer(t, "1.41")
	wanted := s.onJSON(t, "POST /containers/n1/exec", 201, `{"Id":"e1"}`)
	s.on("GET /exec/e1/json", 200, `{"Running":false,"ExitCode":5}`)
	s.on("POST /exec/e1/resize", 200, "")
	s.onHijack(t, "POST /exec/e1/start", talk)
	return s, wanted
}

func TestExecSeparatesOutput(t *testing.T) {
	s, wanted := execServer(t, func(conn net.Conn, _ io.Reader) {
		whole := frame(1, "out ") + frame(2, "err") + frame(1, "") + frame(1, "more")
		for i := range len(whole) { // in the smallest pieces
			_, _ = io.WriteString(conn, whole[i:i+1])
		}
	})
	var stdout, stderr bytes.Buffer
	code, err := s.open(t).Exec(t.Context(), "n1", engine.ExecSpec{
		Command: []string{"a", "b c"}, Env: []string{"K=v"}, User: "root", Stdout: &stdout, Stderr: &stderr,
	})
	if code != 5 || err != nil || stdout.String() != "out more" || stderr.String() != "err" {
		t.Errorf("code %d, %v, stdout %q, stderr %q", code, err, stdout.String(), stderr.String())
	}
	body := *wanted
	if dig(body, "Cmd.1") != "b c" || dig(body, "Env.0") != "K=v" || body["User"] != "root" || body["AttachStdin"] != false || body["Tty"] != false {
		t.Errorf("asked for %v", body)
	}
}

func TestExecPassesInputAndItsEnd(t *testing.T) {
	s, wanted := execServer(t, func(conn net.Conn, input io.Reader) {
		text, _ := io.ReadAll(input) // ends because the client ends it
		_, _ = io.WriteString(conn, frame(1, strings.ToUpper(string(text))))
	})
	var stdout bytes.Buffer
	returns(t, "exec", func() {
		_, err := s.open(t).Exec(t.Context(), "n1", engine.ExecSpec{Command: []string{"cat"}, Stdin: strings.NewReader("hello"), Stdout: &stdout})
		if err != nil || stdout.String() != "HELLO" {
			t.Errorf("%v, %q", err, stdout.String())
		}
	})
	if (*wanted)["AttachStdin"] != true {
		t.Errorf("asked for %v", *wanted)
	}
}

func TestExecOnATerminalIsRawAndResized(t *testing.T) {
	resized := make(chan string, 4)
	s := newServer(t, "1.41")
	s.on("POST /containers/n1/exec", 201, `{"Id":"e1"}`)
	s.on("GET /exec/e1/json", 200, `{"Running":false,"ExitCode":0}`)
	s.mux.HandleFunc("POST /exec/e1/resize", requestLine(resized))
	s.onHijack(t, "POST /exec/e1/start", func(conn net.Conn, _ io.Reader) {
		_, _ = io.WriteString(conn, "\x01\x00raw\r\n")
		if got := <-resized; got != "h=40&w=120" {
			t.Errorf("resized to %s", got)
		}
	})
	sizes := make(chan [2]uint, 1)
	sizes <- [2]uint{120, 40}
	var stdout bytes.Buffer
	returns(t, "exec", func() {
		code, err := s.open(t).Exec(t.Context(), "n1", engine.ExecSpec{Command: []string{"sh"}, TTY: true, Stdout: &stdout, Resize: sizes})
		if code != 0 || err != nil || stdout.String() != "\x01\x00raw\r\n" {
			t.Errorf("%d, %v, %q", code, err, stdout.String())
		}
	})
}

func TestExecRefusals(t *testing.T) {
	s := newServer(t, "1.41")
	s.on("POST /containers/n1/exec", 201, `{"Id":"e1"}`)
	s.on("POST /exec/e1/start", 409, `{"message":"Container n1 is paused, unpause the container before exec"}`)
	e := s.open(t)
	_, err := e.Exec(t.Context(), "n1", engine.ExecSpec{Command: []string{"x"}})
	if !errors.Is(err, engine.ErrConflict) {
		t.Errorf("paused: %v", err)
	}
	contains(t, "paused", err.Error(), "run a command in n1", "is paused")
	s.on("POST /containers/n2/exec", 201, `{"Id":"e2"}`)
	s.on("POST /exec/e2/start", 200, "")
	if _, err = e.Exec(t.Context(), "n2", engine.ExecSpec{Command: []string{"x"}}); err == nil {
		t.Error("a connection that isn't handed over: no error")
	}
}

// stuck is an exec that never says anything.
func stuck(t *testing.T) (e *Engine, attached chan struct{}) {
	attached = make(chan struct{}, 1)
	s, _ := execServer(t, func(_ net.Conn, input io.Reader) {
		attached <- struct{}{}
		_, _ = io.Copy(io.Discard, input)
	})
	return s.open(t), attached
}

func TestCancelledExecLeavesNothing(t *testing.T) {
	pipeEnd, writeEnd, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = writeEnd.Close() }()
	defer func() { _ = pipeEnd.Close() }()
	reader, writer := io.Pipe()
	defer func() { _ = writer.Close() }()
	for name, stdin := range map[string]io.Reader{
		"no input": nil, "a file": pipeEnd, "a pipe in memory": reader, "endless input": endless{},
	} {
		t.Run(name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			t.Run("exec", func(t *testing.T) {
				e, attached := stuck(t)
				ctx, cancel := context.WithCancel(t.Context())
				go func() {
					<-attached
					cancel()
				}()
				returns(t, "a cancelled exec", func() {
					_, err := e.Exec(ctx, "n1", engine.ExecSpec{Command: []string{"x"}, Stdin: stdin, Resize: make(chan [2]uint), TTY: true})
					if !errors.Is(err, context.Canceled) {
						t.Errorf("got %v", err)
					}
				})
			})
			deadline := time.Now().Add(testPatience)
			for runtime.NumGoroutine() > before {
				if time.Now().After(deadline) {
					stacks := make([]byte, 1<<16)
					t.Fatalf("goroutines are left:\n%s", stacks[:runtime.Stack(stacks, true)])
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	// The file is still its owner's: nothing swallowed what comes now.
	if _, err := writeEnd.WriteString("mine"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 4)
	if _, err := io.ReadFull(pipeEnd, got); err != nil || string(got) != "mine" {
		t.Errorf("the file gave %q, %v", got, err)
	}
}

// An engine that takes the request and doesn't answer.
func TestExecOnASilentEngine(t *testing.T) {
	s := newServer(t, "1.41")
	s.on("POST /containers/n1/exec", 201, `{"Id":"e1"}`)
	release := make(chan struct{})
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	s.mux.HandleFunc("POST /exec/e1/start", blockUntil(release, cancel))
	e := s.open(t)
	returns(t, "exec", func() {
		if _, err := e.Exec(ctx, "n1", engine.ExecSpec{Command: []string{"x"}}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestExecWaitsForTheCode(t *testing.T) {
	s := newServer(t, "1.41")
	s.on("POST /containers/n1/exec", 201, `{"Id":"e1"}`)
	s.onHijack(t, "POST /exec/e1/start", func(net.Conn, io.Reader) {})
	asked := 0
	s.mux.HandleFunc("GET /exec/e1/json", answer(func() string {
		if asked++; asked < 4 {
			return `{"Running":true}`
		}
		return `{"Running":false,"ExitCode":9}`
	}))
	code, err := s.open(t).Exec(t.Context(), "n1", engine.ExecSpec{Command: []string{"x"}})
	if code != 9 || err != nil || asked != 4 {
		t.Errorf("code %d, %v after %d questions", code, err, asked)
	}
}

// endless is input that never blocks and never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
