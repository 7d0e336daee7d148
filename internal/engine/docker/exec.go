package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/docker/docker/api/types/container"

	"halab/internal/engine"
)

const (
	// An exec's exit code can come a little after the end of its output.
	exitPoll     = 5 * time.Millisecond
	exitPatience = 5 * time.Second
	resizeLimit  = 2 * time.Second
)

// Exec runs a command in a running container and returns its exit code. A
// command that can't be started has code 126 or 127 and the reason among its
// output, as in a shell.
//
// When ctx ends, Exec closes the connection and returns ctx's error; the
// process itself goes on unless the end of its input ends it: an engine has no
// way to kill an exec. Stdin, if it is an io.Closer and not an *os.File, is
// closed when Exec returns; nothing is read from a file after that.
func (e *Engine) Exec(ctx context.Context, id string, spec engine.ExecSpec) (int, error) {
	if err := e.ready(ctx); err != nil {
		return 0, err
	}
	doing := "run a command in " + short(id)
	made, err := e.api.ContainerExecCreate(ctx, id, container.ExecOptions{
		User:         spec.User,
		Tty:          spec.TTY,
		AttachStdin:  spec.Stdin != nil,
		AttachStdout: true,
		AttachStderr: true,
		Env:          spec.Env,
		Cmd:          spec.Command,
	})
	if err != nil {
		return 0, e.fail(doing, err)
	}
	conn, err := e.hijack(ctx, "/exec/"+made.ID+"/start", container.ExecStartOptions{Tty: spec.TTY})
	if err != nil {
		return 0, e.fail(doing, err)
	}
	err = e.attached(ctx, made.ID, conn, spec)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return 0, e.fail(doing, err)
	}
	code, err := e.exitCode(ctx, made.ID)
	return code, e.fail(doing, err)
}

// attached moves input and output until the output ends, and leaves nothing
// running behind.
func (e *Engine) attached(ctx context.Context, execID string, conn stream, spec engine.ExecSpec) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if spec.Stdin != nil {
		input := feed(conn, spec.Stdin)
		defer input.stop() // after conn is closed: it may be stuck in a write
	}
	unhook := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer func() { unhook(); _ = conn.Close() }()

	if spec.TTY && spec.Resize != nil {
		resized := make(chan struct{})
		defer func() { cancel(); <-resized }()
		go func() {
			defer close(resized)
			e.follow(ctx, execID, spec.Resize)
		}()
	}

	stdout, stderr := orDiscard(spec.Stdout), orDiscard(spec.Stderr)
	if spec.TTY {
		_, err := io.Copy(stdout, conn)
		return err
	}
	return demultiplex(conn, func(fd byte, frame io.Reader) error {
		to := stdout
		if fd == fdStderr {
			to = stderr
		}
		_, err := io.Copy(to, frame)
		return err
	})
}

// follow passes terminal sizes on until ctx ends. A size that can't be set
// spoils a picture, not a session.
func (e *Engine) follow(ctx context.Context, execID string, sizes <-chan [2]uint) {
	for {
		select {
		case <-ctx.Done():
			return
		case size, more := <-sizes:
			if !more {
				return
			}
			bounded, cancel := context.WithTimeout(ctx, resizeLimit)
			_ = e.api.ContainerExecResize(bounded, execID, container.ResizeOptions{Width: size[0], Height: size[1]})
			cancel()
		}
	}
}

func (e *Engine) exitCode(ctx context.Context, execID string) (int, error) {
	deadline := time.NewTimer(exitPatience)
	defer deadline.Stop()
	for wait := exitPoll; ; wait *= 2 {
		state, err := e.api.ContainerExecInspect(ctx, execID)
		if err != nil {
			return 0, err
		}
		if !state.Running {
			return state.ExitCode, nil
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-deadline.C:
			return 0, errors.New("it closed its output but runs on: its exit code isn't known")
		}
	}
}

func orDiscard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}

// frameError says that a stream isn't made of Docker's frames.
func frameError(header []byte) error {
	return fmt.Errorf("broken stream from the engine: % x is no frame header", header)
}
