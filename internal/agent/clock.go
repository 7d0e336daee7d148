package agent

import (
	"time"

	"golang.org/x/sys/unix"
)

// moment is one reading of both clocks.
type moment struct {
	wall time.Time
	mono int64 // CLOCK_MONOTONIC, ns
}

// now reads both clocks.
func now() moment {
	return moment{wall: time.Now(), mono: monotonic()}
}

// monotonic reads CLOCK_MONOTONIC, which all processes of one kernel share.
func monotonic() int64 {
	var ts unix.Timespec
	// clock_gettime(2) can't fail for this clock and a valid pointer.
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return ts.Nano()
}
