package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"halab/internal/app"
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

// explain is what is printed of an error.
func explain(ctx context.Context, err error) string {
	var coded *codeError
	var stopped *app.InterruptedError
	switch {
	case errors.As(err, &coded):
		return ""
	case exitCode(ctx, err) != exitInterrupted:
		return "halab: " + strings.TrimRight(err.Error(), "\n")
	case errors.As(err, &stopped):
		return "halab: " + stopped.Error()
	}
	return "halab: interrupted"
}

// didYouMean is the end of a message about a word that is not known.
func didYouMean(word string, known []string) string {
	close := topology.Suggest(word, known)
	if len(close) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(close, " or ") + "?"
}
