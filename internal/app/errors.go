package app

import (
	"context"
	"fmt"
)

// InterruptedError adds to an interruption what stands now and what to do.
type InterruptedError struct{ Text string }

func (e *InterruptedError) Error() string { return "interrupted: " + e.Text }

// Unwrap makes it an interruption.
func (e *InterruptedError) Unwrap() error { return context.Canceled }

// UsageError says that what was asked for makes no sense, whatever the lab's state.
type UsageError struct{ Text string }

func (e *UsageError) Error() string { return e.Text }

// Usage makes one.
func Usage(format string, args ...any) error {
	return &UsageError{fmt.Sprintf(format, args...)}
}
