package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"halab/internal/agentapi"
	"halab/internal/problem"
)

// calmTime is how long nothing may change before a lab of the user's own files is
// taken to be as ready as it gets: checks of ten tries every second have ended by
// then, and keepalived's start takes four.
const calmTime = 15 * time.Second

// calm tells when what is waited for has not changed for a while.
type calm struct {
	text  string
	since time.Time
}

func (c *calm) lasts(text string) bool {
	if text != c.text || c.since.IsZero() {
		c.text, c.since = text, time.Now()
	}
	return text != "" && time.Since(c.since) >= calmTime
}

// awaitOwn waits until a lab of the user's own files is what they promise: all runs,
// each VIP has one holder, and each listener on one answers. Whatever is missing then
// is said; the lab stays as it is.
func (l *Lab) awaitOwn(ctx context.Context, w Want) error {
	end := l.sink.Begin(l.name, "ready", "waiting until each VIP has a holder and these answer: "+strings.Join(w.Listeners, ", "))
	told, quiet := teller{}, calm{}
	var ended []part
	st, err := UntilWell(ctx, l, w.Patience, func(s *State) ([]string, error) {
		why := s.Reasons(Scope{})
		if told.news(some(why)) {
			l.sink.Update(l.name, "ready", "waiting: "+told.text)
		}
		if quiet.lasts(strings.Join(why, "\n")) {
			return why, ErrPatience
		}
		return why, nil
	})
	switch {
	case err == nil && len(w.Listeners) > 0:
		err = l.knock(ctx, w)
	case errors.Is(err, ErrPatience) && st != nil:
		for _, c := range st.Clusters {
			for _, n := range c.Nodes {
				ended = append(ended, n.ended()...)
			}
		}
		text := strings.Join(st.Reasons(Scope{}), "; ")
		if len(ended) > 0 {
			// Its words alone: what ended is not started once more.
			text += fmt.Sprintf("\n%v", l.endedError(ctx, ended))
		}
		err = unkept("the lab is up, and not what the files promise: %s", text)
	}
	end(err)
	return err
}

// knock waits until every listener answers, as a client of the lab sees it.
func (l *Lab) knock(ctx context.Context, w Want) error {
	var out, errs bytes.Buffer
	command := append([]string{agentapi.BinaryPath, "agent", agentapi.CommandKnock, "--timeout", min(w.Patience, calmTime).String()}, w.Listeners...)
	code, err := l.run(ctx, w.Client, &out, &errs, command...)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return err
	case code != 0:
		return fmt.Errorf("the listeners could not be asked: %s", strings.TrimSpace(errs.String()))
	}
	var silent []string
	err = agentapi.EachAnswer(&out, func(a agentapi.Knock) error {
		if a.Error != "" {
			silent = append(silent, a.URL+" does not answer: "+a.Error)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("the listeners could not be asked: %w", err)
	}
	if len(silent) == 0 {
		return nil
	}
	return unkept("the VIPs are held, and %s", strings.Join(silent, "; "))
}

// unkept says what the user's files promise and the lab is not.
func unkept(format string, args ...any) error {
	return problem.New(format, args...).Cure("what the files are wrong about", "halab lint FOLDER").
		Cure("what the parts say", "halab logs --tail 20")
}
