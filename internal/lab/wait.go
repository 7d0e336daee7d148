package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// PollEvery is how long a wait pauses before it looks at the lab again; a look
// costs a few milliseconds of the engine.
const PollEvery = 100 * time.Millisecond

// looks is how many looks in a row must find the lab well: what a node says of
// HAProxy's servers may be 100 ms old.
const looks = 2

// ErrPatience says that a wait took too long.
var ErrPatience = errors.New("patience ran out")

// unwell is why a wait has not come to its end when patience ran out.
type unwell struct{ reasons []string }

func (e *unwell) Error() string { return some(e.reasons) }

func (e *unwell) Unwrap() error { return ErrPatience }

// Until looks at a lab until two looks in a row find no reason to wait, and gives
// back the last of them. Where patience runs out, the error says the reasons that
// were seen last and is ErrPatience. An error of reasons ends the wait.
func Until(ctx context.Context, look func(context.Context) (*State, error), patience time.Duration,
	reasons func(*State) ([]string, error)) (*State, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, ErrPatience)
	defer cancel()
	var last *State
	why := []string{"the lab's state could not be read"}
	for well := 0; ; {
		status, err := look(ctx)
		switch {
		case err == nil:
			last, well = status, well+1
			found, err := reasons(status)
			if err != nil {
				return last, err
			}
			if len(found) > 0 {
				why, well = found, 0
			}
		case ctx.Err() == nil:
			return last, err
		}
		if well == looks {
			return last, nil
		}
		if err := Pause(ctx, PollEvery); err != nil {
			if errors.Is(err, ErrPatience) {
				err = &unwell{why}
			}
			return last, err
		}
	}
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
