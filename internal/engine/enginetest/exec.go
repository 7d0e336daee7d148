package enginetest

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"halab/internal/engine"
)

// Exec runs the hook's program in a running container.
func (e *Engine) Exec(ctx context.Context, id string, spec engine.ExecSpec) (int, error) {
	c, err := e.begin(ctx, "Exec", id, strings.Join(spec.Command, " "))
	if err != nil {
		return 0, err
	}
	e.mu.Lock()
	seen, run, paused := c.public(), c.process, c.State == engine.StatePaused
	running := c.up()
	env := append(append([]string{}, c.spec.Env...), spec.Env...)
	e.mu.Unlock()
	switch {
	case !running:
		return 0, conflict("container %s is not running", c.Name)
	case paused:
		return 0, conflict("container %s is paused, unpause it first", c.Name)
	}
	var program Program
	if e.Hooks.Exec != nil {
		program = e.Hooks.Exec(seen, spec)
	}
	if program == nil {
		return 0, nil
	}
	return e.runExec(ctx, run, spec, env, program)
}

func (e *Engine) runExec(ctx context.Context, run *process, spec engine.ExecSpec, env []string, program Program) (int, error) {
	alive, cancel := context.WithCancel(run.ctx)
	defer cancel()
	stdout, stderr := &gate{to: spec.Stdout}, &gate{to: spec.Stderr}
	defer stdout.shut()
	defer stderr.shut()
	var stdin io.Reader = strings.NewReader("")
	if spec.Stdin != nil {
		stdin = spec.Stdin
		if closer, ok := spec.Stdin.(io.Closer); ok {
			if _, file := spec.Stdin.(*os.File); !file {
				defer func() { _ = closer.Close() }()
			}
		}
	}
	result := make(chan int, 1)
	e.programs.Add(1)
	go func() {
		defer e.programs.Done()
		result <- program(alive, Process{
			Args: spec.Command, Env: env,
			Stdin: stdin, Stdout: stdout, Stderr: stderr, Signals: make(chan string),
		})
	}()
	select {
	case code := <-result:
		return code, nil
	case <-run.ctx.Done():
		return exitKilled, nil
	case <-ctx.Done():
		return 0, fmt.Errorf("exec: %w", ctx.Err())
	}
}

// gate passes writes on until it is shut, after which its writer belongs to the
// caller again.
type gate struct {
	mu   sync.Mutex
	to   io.Writer
	done bool
}

func (g *gate) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.done || g.to == nil {
		return len(p), nil
	}
	return g.to.Write(p)
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.done = true
}
