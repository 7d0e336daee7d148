package agent

import (
	"time"

	"halab/internal/agent/machine"
)

// moment is one reading of both clocks.
type moment struct {
	wall time.Time
	mono int64 // CLOCK_MONOTONIC, ns
}

// now reads both clocks.
func now() moment {
	return moment{wall: time.Now(), mono: machine.Monotonic()}
}
