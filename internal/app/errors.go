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
type UsageError struct{ error }

// Unwrap is what is wrong with it.
func (e *UsageError) Unwrap() error { return e.error }

// Usage makes one of a text.
func Usage(format string, args ...any) error { return AsUsage(fmt.Errorf(format, args...)) }

// AsUsage says of an error that it is one of usage.
func AsUsage(err error) error { return &UsageError{err} }
