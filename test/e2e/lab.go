package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Lab is one lab as a user has it: a binary, a name, a subnet.
type Lab struct {
	Name   string
	Prefix string // first three numbers of every address
	Env    []string
	Flags  []string // given to every command
	Within []string // program and arguments that run halab, where that is not in here
}

// NewLab returns a lab that need not exist.
func NewLab(name, prefix string, env ...string) *Lab {
	return &Lab{Name: name, Prefix: prefix, Env: append([]string{
		"HALAB_NAME=" + name, "HALAB_SUBNET=" + prefix + ".0/24",
	}, env...)}
}

// Address is the address of the lab with that last number.
func (l *Lab) Address(last int) string { return fmt.Sprintf("%s.%d", l.Prefix, last) }

// The lab's addresses that tests ask.
func (l *Lab) frontendVIP() string { return l.Address(10) }
func (l *Lab) backendVIP() string  { return l.Address(20) }
func (l *Lab) hostLeg() string     { return l.Address(1) }

// Result is what a run of halab gave.
type Result struct {
	Args           []string
	Stdout, Stderr string
	Code           int
	Took           time.Duration
}

// All is both streams, for checks of words that may be in either.
func (r Result) All() string { return r.Stdout + r.Stderr }

func (r Result) String() string {
	return fmt.Sprintf("$ halab %s   (exit %d, %s)\n%s%s", strings.Join(r.Args, " "), r.Code,
		r.Took.Round(time.Millisecond), r.Stdout, r.Stderr)
}

// runTime bounds one run of halab: a first build of all images takes longest.
const runTime = 6 * time.Minute

// Try runs halab and gives back whatever came of it.
func (l *Lab) Try(t testing.TB, args ...string) Result {
	t.Helper()
	p := l.Start(t, args...)
	return p.Wait()
}

// Run runs halab, which must do what it was asked.
func (l *Lab) Run(t testing.TB, args ...string) Result {
	t.Helper()
	r := l.Try(t, args...)
	if r.Code != 0 {
		t.Fatalf("this should have worked:\n%s", r)
	}
	return r
}

// Refuse runs halab, which must refuse with that exit code, and say all of the
// words.
func (l *Lab) Refuse(t testing.TB, code int, words []string, args ...string) Result {
	t.Helper()
	r := l.Try(t, args...)
	if r.Code != code {
		t.Errorf("exit code %d, not %d:\n%s", r.Code, code, r)
	}
	Says(t, r, words...)
	checkManners(t, r)
	return r
}

// checkManners holds what every message of halab must be: short, and for users.
func checkManners(t testing.TB, r Result) {
	t.Helper()
	for _, trace := range []string{"goroutine ", "panic:", "runtime error", ".go:"} {
		if strings.Contains(r.Stderr, trace) {
			t.Errorf("a stack trace is no message:\n%s", r)
		}
	}
	if r.Stdout != "" {
		t.Errorf("stdout is for answers, and there was none:\n%s", r)
	}
}

// Says fails the test unless every word is in the answer or the story.
func Says(t testing.TB, r Result, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(strings.ToLower(r.All()), strings.ToLower(w)) {
			t.Errorf("does not say %q:\n%s", w, r)
		}
	}
}

// Process is halab at work.
type Process struct {
	t        testing.TB
	args     []string
	cmd      *exec.Cmd
	out, err lockedBuffer
	begin    time.Time
	done     chan struct{}
	waitErr  error
}

// Start runs halab beside the test; it ends with the test at the latest.
func (l *Lab) Start(t testing.TB, args ...string) *Process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), runTime)
	given := slices.Concat(l.Flags, args)
	words := slices.Concat(l.Within, []string{binary()}, given)
	p := &Process{t: t, args: given, cmd: exec.CommandContext(ctx, words[0], words[1:]...), done: make(chan struct{})}
	p.cmd.Env = l.environment()
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	p.cmd.WaitDelay = 5 * time.Second
	p.begin = time.Now()
	if err := p.cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	go func() {
		p.waitErr = p.cmd.Wait()
		cancel()
		close(p.done)
	}()
	t.Cleanup(func() {
		cancel()
		<-p.done
	})
	return p
}

// down takes the lab away, outside of any test.
func (l *Lab) down() (string, error) {
	cmd := exec.Command(binary(), append(slices.Clone(l.Flags), "down")...)
	cmd.Env = l.environment()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// environment is the caller's, without what would make it another lab.
func (l *Lab) environment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "HALAB_") || strings.HasPrefix(v, "HALAB_BASE=") {
			env = append(env, v)
		}
	}
	return append(env, l.Env...)
}

// Signal sends the process a signal.
func (p *Process) Signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) } // it may have ended by itself

// Output is what the process has said up to now.
func (p *Process) Output() string { return p.out.String() }

// Ended says whether the process has ended by itself.
func (p *Process) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Wait waits for the end of the process.
func (p *Process) Wait() Result {
	<-p.done
	r := Result{Args: p.args, Stdout: p.out.String(), Stderr: p.err.String(), Took: time.Since(p.begin)}
	var exit *exec.ExitError
	switch {
	case p.waitErr == nil:
	case errors.As(p.waitErr, &exit) && exit.Exited():
		r.Code = exit.ExitCode()
	case errors.As(p.waitErr, &exit):
		r.Code = 128 + int(exit.Sys().(syscall.WaitStatus).Signal())
	default:
		p.t.Errorf("halab %v: %v", r.Args, p.waitErr)
	}
	transcript(p.t, r)
	return r
}

// lockedBuffer collects output while others look at it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var _ io.Writer = (*lockedBuffer)(nil)

// binary is the halab that is tested.
func binary() string {
	path := os.Getenv("HALAB_BIN")
	if path == "" {
		path = filepath.Join("..", "..", "bin", "halab")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return absolute
}
