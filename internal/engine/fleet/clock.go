package fleet

import (
	"context"
	"fmt"
	"sync"
	"time"

	"halab/internal/engine"
)

// Clock is what was measured of a host's clock.
type Clock struct {
	Offset time.Duration // how far it is ahead of this machine's clock
	Within time.Duration // half of the round trip: how wrong Offset can be
}

// Known is the offset as far as it is one: a clock that is right within the
// error of the measurement is not corrected.
func (c Clock) Known() time.Duration {
	if c.Offset.Abs() <= c.Within {
		return 0
	}
	return c.Offset
}

// String is the measurement in words.
func (c Clock) String() string {
	if c.Known() == 0 {
		return fmt.Sprintf("its clock is right, ±%s", c.Within.Round(100*time.Microsecond))
	}
	return fmt.Sprintf("its clock is %s %s, ±%s", c.Offset.Abs().Round(100*time.Microsecond),
		map[bool]string{true: "ahead", false: "behind"}[c.Offset > 0], c.Within.Round(100*time.Microsecond))
}

// clockTries is how often a clock is asked; the quickest answer counts.
const clockTries = 3

// clock is the offset of a host's clock, where it was measured.
func (m *member) clock() (time.Duration, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.offset, m.known
}

// Clocks measures how far each host's clock is ahead of this machine's, as NTP
// does (RFC 5905, section 8): the host's time belongs to the middle of the
// round trip. Hosts that do not answer are left out. From then on the times of
// their log lines and events are corrected.
func (f *Fleet) Clocks(ctx context.Context) map[string]Clock {
	found := map[string]Clock{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, m := range f.hosts {
		all.Go(func() {
			c, err := m.measure(ctx)
			if err != nil {
				return // it is not reachable, or does not tell: Unreachable says the first
			}
			mu.Lock()
			defer mu.Unlock()
			found[m.Name] = c
		})
	}
	all.Wait()
	return found
}

func (m *member) measure(ctx context.Context) (Clock, error) {
	best := Clock{Within: actTime}
	for range clockTries {
		var info engine.Info
		var begin, end time.Time
		err := m.look(ctx, func(ctx context.Context) (err error) {
			begin = time.Now()
			info, err = m.Engine.Info(ctx)
			end = time.Now()
			return err
		})
		if err != nil {
			return best, err
		}
		if info.SystemTime.IsZero() {
			return best, m.wrap(fmt.Errorf("the engine does not tell its time"))
		}
		half := end.Sub(begin) / 2
		if half < best.Within {
			best = Clock{Offset: info.SystemTime.Sub(begin.Add(half)), Within: half}
		}
	}
	m.mu.Lock()
	m.offset, m.known = best.Known(), true
	m.mu.Unlock()
	return best, nil
}
