package probe

import (
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// clock reads CLOCK_MONOTONIC in nanoseconds without a system call: the Go
// runtime's monotonic clock is the same one, so a single reading of both fixes
// the difference, with an error below a microsecond.
type clock struct {
	base int64
	t0   time.Time
}

func newClock() clock {
	best := clock{}
	narrow := time.Duration(1 << 62)
	for range 8 {
		before := time.Now()
		base := readClock(unix.CLOCK_MONOTONIC)
		if d := time.Since(before); d < narrow {
			narrow, best = d, clock{base: base, t0: before.Add(d / 2)}
		}
	}
	return best
}

// now is CLOCK_MONOTONIC in nanoseconds.
func (c clock) now() int64 { return c.base + int64(time.Since(c.t0)) }

// readClock asks the kernel for a clock; the two it is used with always exist.
func readClock(id int32) int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(id, &ts); err != nil {
		return 0
	}
	return ts.Nano()
}

// wallToMono converts a CLOCK_REALTIME stamp of the recent past to this clock.
// The difference of the two clocks is taken now, so a stamp is wrong by what
// the wall clock was adjusted since: nothing, or slewing of at most 0.5 ‰ of
// the stamp's age. A step of the wall clock in between would throw the stamp
// far off; such a stamp is replaced by now.
func (c clock) wallToMono(wall int64) int64 {
	now, real, _ := c.pair()
	age := real - wall
	if age < 0 || age > int64(10*time.Second) {
		return now
	}
	return now - age
}

// pair reads this clock and CLOCK_REALTIME at one moment, which is known within
// the time that it took.
func (c clock) pair() (mono, wall, took int64) {
	before := c.now()
	wall = readClock(unix.CLOCK_REALTIME)
	took = c.now() - before
	return before + took/2, wall, took
}

// both is the best of a few pairs.
func (c clock) both() (mono, wall int64) {
	narrow := int64(math.MaxInt64)
	for range 4 {
		if m, w, took := c.pair(); took < narrow {
			narrow, mono, wall = took, m, w
		}
	}
	return mono, wall
}
