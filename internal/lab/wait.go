package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// steady is how long a lab must be well without a break: after a change, what a
// node says of HAProxy's servers may be 100 ms old.
const steady = 130 * time.Millisecond

// ErrPatience says that a wait took too long.
var ErrPatience = errors.New("patience ran out")

// unwell is why a wait has not come to its end when patience ran out.
type unwell struct{ reasons []string }

func (e *unwell) Error() string { return some(e.reasons) }

func (e *unwell) Unwrap() error { return ErrPatience }

// Waiter waits until a condition holds, as Lab and Watch do.
type Waiter interface {
	Until(ctx context.Context, patience time.Duration, holds func(*State) (bool, error)) (*State, error)
}

// UntilWell waits until there is no reason to wait any more, and for some time none
// comes up again. Where patience runs out, the error says the reasons that were
// seen last and is ErrPatience. An error of reasons ends the wait.
func UntilWell(ctx context.Context, w Waiter, patience time.Duration, reasons func(*State) ([]string, error)) (*State, error) {
	why := []string{"the lab's state could not be read"}
	var since time.Time
	last, err := w.Until(ctx, patience, func(s *State) (bool, error) {
		found, err := reasons(s)
		switch {
		case err != nil:
			return false, err
		case len(found) > 0:
			why, since = found, time.Time{}
			return false, nil
		case since.IsZero():
			since = time.Now()
		}
		return time.Since(since) >= steady, nil
	})
	if errors.Is(err, ErrPatience) {
		err = &unwell{why}
	}
	return last, err
}

// some is a list in words, cut where it is long.
func some(list []string) string {
	const shown = 3
	text := strings.Join(list[:min(shown, len(list))], "; ")
	if more := len(list) - shown; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}
