package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"halab/internal/app"
	"halab/internal/problem"
	"halab/internal/topology"
)

// Exit codes; they are part of halab's contract.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitBudget      = 3
	exitInterrupted = 130
)

func usage(format string, args ...any) error { return app.Usage(format, args...) }

// codeError ends halab with a code of its own and without a word: everything
// has been said already, or the code is somebody else's (a shell's).
type codeError struct{ code int }

func (e *codeError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// exitCode turns an error into an exit code.
func exitCode(ctx context.Context, err error) int {
	var wrong *app.UsageError
	var coded *codeError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &coded):
		return coded.code
	case errors.As(err, &wrong), errors.Is(err, topology.ErrUnknown):
		return exitUsage
	case ctx.Err() != nil:
		return exitInterrupted
	}
	return exitFailed
}

// explain is what is said of an error: nothing where all has been said.
func explain(ctx context.Context, err error) problem.List {
	var coded *codeError
	var stopped *app.InterruptedError
	switch {
	case errors.As(err, &coded):
		return nil
	case exitCode(ctx, err) != exitInterrupted:
		return problem.Of(err)
	case errors.As(err, &stopped):
		return problem.Of(stopped)
	}
	return problem.List{problem.New("interrupted")}
}

// commands is how the commands of an error's cures find the lab.
func commands(err error) func(string) string {
	var selected *selectedError
	if errors.As(err, &selected) {
		return selected.selection.command
	}
	return selection{}.command
}

// didYouMean is the end of a message about a word that is not known.
func didYouMean(word string, known []string) string {
	close := topology.Suggest(word, known)
	if len(close) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(close, " or ") + "?"
}
