package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"halab/internal/engine"
)

func (p *program) shellSpec() spec {
	return spec{
		name:    "shell",
		summary: "a shell on a node, or one command there",
		args:    []arg{{name: "TARGET", kind: aTarget}},
		rest:    "CMD",
		about: `
Opens a shell on the machine that TARGET names: a node, the holder of a VIP, or
"client". All processes of the node are seen there, and ip, ss, tcpdump and curl
are at hand. With a command it runs that and passes its exit code on; the
command is not given to a shell.`,
		examples: []string{"halab shell frontend-01", "halab shell frontend-00 -- ip -brief address", "halab shell client -- tcpdump -c 10 -ni eth0 vrrp"},
		run:      p.shell,
	}
}

func (p *program) shell(ctx context.Context, in *input) error {
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	run, err := s.Shell(ctx, in.arg(0))
	if err != nil {
		return err
	}
	command := in.args[1:]
	if len(command) == 0 {
		command = []string{"/bin/bash"}
	}
	code, err := s.attach(ctx, run, command)
	if err != nil {
		return err
	}
	if code != 0 {
		return &codeError{code}
	}
	return nil
}

// attach runs a command in a container with halab's own input and output: as a
// terminal where both are one.
func (s *session) attach(ctx context.Context, run func(context.Context, engine.ExecSpec) (int, error), command []string) (int, error) {
	spec := engine.ExecSpec{Command: command, Stdin: s.stdin, Stdout: s.stdout, Stderr: s.stderr}
	in, inTTY := terminal(s.stdin)
	out, outTTY := terminal(s.stdout)
	if !inTTY || !outTTY {
		return run(ctx, spec)
	}
	spec.TTY = true
	spec.Env = []string{"TERM=" + s.env("TERM")}
	spec.Resize = sizes(ctx, out)
	old, err := term.MakeRaw(in)
	if err != nil {
		return 0, fmt.Errorf("put the terminal into raw mode: %w", err)
	}
	defer func() { _ = term.Restore(in, old) }() // there is no second way to do it
	return run(ctx, spec)
}

// terminal gives the descriptor of a stream that is a terminal.
func terminal(stream any) (int, bool) {
	f, ok := stream.(*os.File)
	if !ok {
		return 0, false
	}
	return int(f.Fd()), term.IsTerminal(int(f.Fd()))
}

// sizes tells the terminal's size now and at each change, until ctx ends.
func sizes(ctx context.Context, fd int) <-chan [2]uint {
	changed := make(chan os.Signal, 1)
	signal.Notify(changed, syscall.SIGWINCH)
	told := make(chan [2]uint, 1)
	go func() {
		defer signal.Stop(changed)
		for {
			if w, h, err := term.GetSize(fd); err == nil {
				select {
				case told <- [2]uint{uint(w), uint(h)}:
				case <-ctx.Done():
					return
				}
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return told
}
