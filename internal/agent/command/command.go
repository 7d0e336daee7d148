// Package command is what the commands of `halab agent` share: where they write,
// what a wrong argument is, and the exit codes.
package command

import (
	"errors"
	"fmt"
	"io"
)

// Exit codes: done, failed, wrong usage.
const (
	ExitDone   = 0
	ExitFailed = 1
	ExitUsage  = 2
)

// ErrUsage marks errors in the arguments.
var ErrUsage = errors.New("wrong usage")

// Usagef is an error in the arguments.
func Usagef(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUsage, fmt.Sprintf(format, args...))
}

// Output is where a command writes: the answer and the story.
type Output struct{ Answer, Story io.Writer }

// Code tells an error and makes an exit code of it.
func (o Output) Code(err error) int {
	switch {
	case err == nil:
		return ExitDone
	case errors.Is(err, ErrUsage):
		fmt.Fprintln(o.Story, "halab agent:", err)
		return ExitUsage
	}
	fmt.Fprintln(o.Story, "halab agent:", err)
	return ExitFailed
}
