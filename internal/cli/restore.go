package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"halab/internal/fault"
	"halab/internal/ui"
)

func (p *program) restoreSpec() spec {
	return spec{
		name:    "restore",
		summary: "undo what was broken, and wait until it is healthy",
		args:    []arg{{name: "TARGET", kind: aTarget, optional: true}, {name: "SERVICE|FAULT", kind: aFault, optional: true, many: true}},
		about: `
Undoes every fault, starts what is down and thaws what is frozen: of a service
of the target, of the whole target, or of the lab; or undoes one fault. Waits
until it is healthy.`,
		examples: []string{"halab restore", "halab restore frontend-01", "halab restore frontend haproxy", "halab restore frontend-01 link down"},
		flags: []cli.Flag{
			&cli.DurationFlag{Name: "timeout", Usage: "give up waiting after `TIME`", Value: 30 * time.Second},
		},
		run: p.restore,
	}
}

func (p *program) restore(ctx context.Context, in *input) error {
	var scope fault.Scope
	if len(in.args) > 1 {
		var err error
		if scope, err = fault.ParseScope(in.args[1:]); err != nil {
			return usage("%v", err)
		}
	}
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	answer, err := s.Restore(ctx, in.arg(0), scope, in.flags.Duration("timeout"))
	if err != nil {
		return errors.Join(err, s.tellMended(answer.Mended))
	}
	err = s.answer(answer, func() error {
		if err := s.tellMended(answer.Mended); err != nil || !answer.Healthy {
			return err
		}
		if len(answer.Mended) == 0 {
			fmt.Fprint(s.stdout, "nothing was broken; ")
		}
		took := time.Duration(answer.Seconds * float64(time.Second))
		_, err := fmt.Fprintf(s.stdout, "%s after %s\n", s.out.Style.Good("healthy"), ui.Seconds(took))
		return err
	})
	return errors.Join(answer.Silence, err)
}

// tellMended says what was mended.
func (s *session) tellMended(done []fault.Mended) error {
	if s.in.json {
		return nil // it is part of the answer
	}
	for _, m := range done {
		if _, err := fmt.Fprintf(s.stdout, "%s %s on %s\n", ui.Clean(m.Action), ui.Clean(cmp.Or(m.Fault, m.Service)), ui.Clean(m.Node)); err != nil {
			return err
		}
	}
	return nil
}
