package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"halab/internal/fault"
	"halab/internal/lab"
	"halab/internal/topology"
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
	scope, err := restoreScope(st, in.arg(0), in.args[min(1, len(in.args)):])
	if err != nil {
		return err
	}
	injector := fault.NewInjector(s.lab, s.engine)
	done, err := injector.RestoreHealthy(ctx, scope, in.flags.Duration("timeout"))
	if err != nil {
		return err
	}
	answer := mended{Mended: append([]fault.Mended{}, done...), Healthy: true, Seconds: time.Since(begin).Seconds()}
	return s.answer(answer, func() error {
		for _, m := range done {
			fmt.Fprintf(s.stdout, "%s %s on %s\n", ui.Clean(m.Action), ui.Clean(cmp.Or(m.Fault, m.Service)), ui.Clean(m.Node))
		}
		if len(done) == 0 {
			fmt.Fprint(s.stdout, "nothing was broken; ")
		}
		_, err := fmt.Fprintf(s.stdout, "%s after %s\n", s.out.Style.Good("healthy"), ui.Seconds(time.Since(begin)))
		return err
	})
}

// restoreScope turns the arguments into what is to be mended. A VIP that nobody
// holds names no node, so its whole cluster is meant.
func restoreScope(st *lab.Status, target string, words []string) (fault.Scope, error) {
	var scope fault.Scope
	if target == "" {
		return scope, nil
	}
	for _, c := range st.Clusters {
		if c.VIP.Name == target {
			target = c.Name
		}
	}
	var err error
	if scope.Nodes, err = st.Resolve(target); err != nil {
		return scope, err
	}
	switch {
	case len(words) == 0:
	case len(words) == 1 && !fault.Known(words[0]):
		scope.Service, err = topology.ResolveService(words[0])
	default:
		if scope.Fault = strings.Join(words, " "); !fault.Known(scope.Fault) {
			err = usage("there is no fault %q", scope.Fault)
		}
	}
	return scope, err
}
