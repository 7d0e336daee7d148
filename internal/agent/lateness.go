package agent

import (
	"sync/atomic"
	"time"
)

// lateness counts waits for a moment, and those that ended late.
type lateness struct{ waits, late atomic.Int64 }

// note takes how much later than wanted a wait ended.
func (l *lateness) note(by time.Duration) {
	l.waits.Add(1)
	if by > lateLimit {
		l.late.Add(1)
	}
}

// share is the share of waits that ended late since it was asked last.
func (l *lateness) share() float64 {
	late, waits := l.late.Swap(0), l.waits.Swap(0)
	if waits == 0 {
		return 0
	}
	return float64(late) / float64(waits)
}
