package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"halab/internal/fault"
	"halab/internal/lab"
	"halab/internal/ui"
)

func (p *program) restoreSpec() spec {
	return spec{
		name:    "restore",
		summary: "mend what was broken, and wait until it is healthy",
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

// mended is the answer of restore.
type mended struct {
	Mended  []fault.Mended `json:"mended"`
	Healthy bool           `json:"healthy"`
	Seconds float64        `json:"seconds"`
}

func (p *program) restore(ctx context.Context, in *input) error {
	begin := time.Now()
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	st, err := s.status(ctx)
	if err != nil {
		return err
	}
	scope, err := restoreScope(st, in.args)
	if err != nil {
		return err
	}
	injector := s.Injector()
	done, err := injector.RestoreHealthy(ctx, scope, in.flags.Duration("timeout"), nil)
	if err != nil {
		return errors.Join(err, s.tellMended(done))
	}
	silent := s.Lab.Silence("restore again when that is mended")
	answer := mended{Mended: append([]fault.Mended{}, done...), Healthy: silent == nil, Seconds: time.Since(begin).Seconds()}
	err = s.answer(answer, func() error {
		if err := s.tellMended(done); err != nil || silent != nil {
			return err
		}
		if len(done) == 0 {
			fmt.Fprint(s.stdout, "nothing was broken; ")
		}
		_, err := fmt.Fprintf(s.stdout, "%s after %s\n", s.out.Style.Good("healthy"), ui.Seconds(time.Since(begin)))
		return err
	})
	return errors.Join(silent, err)
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

// restoreScope turns the arguments into what is to be mended.
func restoreScope(st *lab.Status, args []string) (fault.Scope, error) {
	if len(args) == 0 {
		return fault.Scope{}, nil
	}
	scope, err := fault.ParseScope(args[1:])
	if err != nil {
		return scope, usage("%v", err)
	}
	return scope.At(st, args[0])
}
