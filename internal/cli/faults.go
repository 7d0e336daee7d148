package cli

import (
	"context"
	"fmt"
	"time"

	"halab/internal/fault"
	"halab/internal/ui"
)

func (p *program) faultsSpec() spec {
	return spec{
		name:    "faults",
		summary: "list what is broken, on which node, since when",
		about: `
Lists every fault of the lab: what "halab fail" did inside nodes, and every
service that is down or frozen, whoever did it. "until" is when a fault ends by
itself.`,
		examples: []string{"halab faults", "halab faults --json"},
		run: func(ctx context.Context, in *input) error {
			s, err := p.session(ctx, in)
			if err != nil {
				return err
			}
			defer s.close()
			list, err := s.Faults(ctx)
			if err != nil {
				return err
			}
			return s.answer(activeFaults{append([]fault.Active{}, list...)}, func() error { return s.writeFaults(list) })
		},
	}
}

// activeFaults is the answer of faults.
type activeFaults struct {
	Faults []fault.Active `json:"faults"`
}

func (s *session) writeFaults(list []fault.Active) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(s.stdout, s.out.Style.Good("nothing is broken"))
		return err
	}
	t := ui.Table{}
	t.Row("NODE", "ON", "FAULT", "SINCE", "UNTIL")
	for _, a := range list {
		t.Row(ui.Clean(a.Node), ui.Clean(a.Service), s.out.Style.Bad(ui.Clean(a.Fault)), clock(a.Since), clock(a.Until))
	}
	return t.Write(s.stdout)
}

// clock is a moment as the reader's clock has it.
func clock(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.Local().Format(time.TimeOnly)
}
