// Package cli is halab's command line: it reads arguments, wires the other
// packages together and turns errors into exit codes. stdout carries the
// answer, stderr the story.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"halab/internal/app"
	"halab/internal/ui"
)

// Main runs halab with the arguments after the program's name and returns its
// exit code: 0 done, 1 failed, 2 wrong usage, 3 budget broken, 130 interrupted.
// Cancelling ctx interrupts it.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	p := &program{stdin: stdin, stdout: stdout, stderr: stderr, env: os.Getenv, open: app.Docker}
	defer p.survive(&code)
	return p.main(ctx, args)
}

// survive turns a panic into a message and an exit code.
func (p *program) survive(code *int) {
	if bug := recover(); bug != nil {
		fmt.Fprintln(p.stderr, ui.Clean(fmt.Sprintf("halab: this is a mistake in halab, please report it: %v", bug)))
		*code = exitFailed
	}
}

// program is what commands work with: the outside world, so that tests can
// bring their own.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            func(string) string
	open           func(ctx context.Context, host string) (app.Engine, error)
	json           bool // the command was called with --json
}

func (p *program) main(ctx context.Context, args []string) int {
	err := p.run(ctx, args)
	if err == nil {
		return exitDone
	}
	code := exitCode(ctx, err)
	if code == exitInterrupted && ui.NewTerminal(p.stderr, ui.ColourNever, p.env).TTY {
		fmt.Fprint(p.stderr, "\r") // over the ^C that the terminal shows
	}
	p.lastWords(explain(ctx, err).With(commands(err)))
	return code
}

func (p *program) run(ctx context.Context, args []string) error {
	specs := p.commands()
	arranged, err := arrange(specs, args)
	if err != nil {
		return err
	}
	return p.urfave(specs).RunContext(ctx, append([]string{"halab"}, arranged...))
}

// urfave makes the application of that library: it parses what arrange has put in order,
// prints help, and never ends the process.
func (p *program) urfave(specs []spec) *cli.App {
	all := &cli.App{
		Name:                      "halab",
		HelpName:                  "halab",
		Usage:                     appSummary,
		UsageText:                 "halab [flags] COMMAND [arguments]",
		Flags:                     append(globalFlags(), cli.HelpFlag),
		HideVersion:               true,
		Reader:                    p.stdin,
		Writer:                    p.stdout,
		ErrWriter:                 p.stderr,
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {}, // Main decides how to end
		OnUsageError:              wrong,
		CustomAppHelpTemplate:     appHelp(specs),
	}
	for _, s := range specs {
		all.Commands = append(all.Commands, p.command(s))
	}
	return all
}
