package app

import "context"

// InterruptedError adds to an interruption what stands now and what to do.
type InterruptedError struct{ Text string }

func (e *InterruptedError) Error() string { return "interrupted: " + e.Text }

// Unwrap makes it an interruption.
func (e *InterruptedError) Unwrap() error { return context.Canceled }
