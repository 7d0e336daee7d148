package cli

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"halab/internal/lab"
	"halab/internal/topology"
	"halab/internal/ui"
)

func (p *program) logsSpec() spec {
	return spec{
		name:    "logs",
		summary: "what the services say, merged in the order of time",
		args:    []arg{{name: "TARGET", kind: aTarget, optional: true}, {name: "SERVICE", kind: aService, optional: true}},
		about: `
Shows the lines of all services of the target (default: of the lab) in the order
in which they were written. On a terminal each node has its colour. What the
node itself noticed (service "node") and every change of VRRP stand out.`,
		examples: []string{"halab logs", "halab logs frontend -f", "halab logs frontend-01 keepalived --since 5m", "halab logs --tail 20"},
		flags: []cli.Flag{
			&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Usage: "go on with new lines, until Ctrl-C"},
			&cli.StringFlag{Name: "since", Usage: "only lines after `TIME`: a span such as 5m, or a time such as 2026-01-02T15:04:05Z"},
			&cli.IntFlag{Name: "tail", Aliases: []string{"n"}, Usage: "only the last `N` lines in all", Value: -1, DefaultText: "all"},
		},
		run: p.logs,
	}
}

func (p *program) logs(ctx context.Context, in *input) error {
	since, err := parseSince(in.flags.String("since"), time.Now())
	if err != nil {
		return err
	}
	order := lab.LogOrder{Since: since, Tail: in.flags.Int("tail")}
	if in.arg(1) != "" {
		if order.Service, err = topology.ResolveService(in.arg(1)); err != nil {
			return err
		}
	}
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	logs, err := s.Logs(ctx, in.arg(0), order, in.flags.Bool("follow"))
	if err != nil {
		return err
	}
	printer := ui.TextLogs(s.out, logs.Names)
	if in.json {
		printer = ui.JSONLogs(s.stdout)
	}
	ctx, stop := whileRead(ctx, p.stdout)
	defer stop()
	return unread(ctx, logs.Each(ctx, printer.Print))
}

// parseSince reads --since: a span before now, or a moment.
func parseSince(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usage("--since cannot be %q: it is a span such as 90s or 5m, or a time such as 2026-01-02T15:04:05", text)
}
