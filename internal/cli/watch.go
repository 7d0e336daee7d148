package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"halab/internal/agentapi"
	"halab/internal/app"
	"halab/internal/ui"
)

func (p *program) watchSpec() spec {
	return spec{
		name:    "watch",
		summary: "ask ten times a second, and tell what changes",
		args:    []arg{{name: "PATH", kind: aPath, optional: true}},
		about: `
Asks the front VIP for PATH, as halab curl does, ten times a second from the
lab's client, each time on a new connection and never waiting for the answer
before. Writes a line when something changes: who answers, what fails, how long
an outage was. At the end (Ctrl-C, or --count) it sums up.

The nodes of a tier take turns, so a node that has not answered ten requests in
a row answers no more.`,
		examples: []string{"halab watch", "halab watch --all", "halab watch --count 100 --interval 50ms --json"},
		flags: []cli.Flag{
			&cli.DurationFlag{Name: "interval", Usage: "`TIME` between requests, at least 1ms", Value: 100 * time.Millisecond},
			&cli.IntFlag{Name: "count", Aliases: []string{"n"}, Usage: "stop after `N` requests and not at Ctrl-C"},
			&cli.DurationFlag{Name: "timeout", Usage: "a request fails after `TIME`", Value: time.Second},
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "a line for every request"},
		},
		run: p.watch,
	}
}

func (p *program) watch(ctx context.Context, in *input) error {
	order := app.AskOrder{Path: in.arg(0), Interval: in.flags.Duration("interval"), Count: in.flags.Int("count"), Timeout: in.flags.Duration("timeout")}
	if order.Interval < time.Millisecond || order.Count < 0 || order.Timeout <= 0 {
		return usage("--interval is at least 1ms, --count at least 0, and --timeout more than nothing")
	}
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	asking, err := s.Ask(ctx, order)
	if err != nil {
		return err
	}
	ctx, stop := whileRead(ctx, p.stdout)
	defer stop()
	return unread(ctx, s.watchRequests(ctx, asking))
}

func (s *session) watchRequests(ctx context.Context, asking *app.Asking) error {
	w := ui.NewWatch(s.out.Style)
	all := s.in.flags.Bool("all")
	err := asking.Each(ctx, func(r agentapi.Response) error {
		lines := w.Add(r)
		if s.in.json {
			return ui.WriteJSONLine(s.stdout, r)
		}
		if all {
			lines = append(lines, w.Every(r))
		}
		return s.lines(lines)
	})
	if s.in.json {
		if werr := ui.WriteJSONLine(s.stdout, map[string]ui.WatchSummary{"summary": w.Summary()}); err == nil {
			err = werr
		}
		return err
	}
	if ctx.Err() != nil && s.out.TTY {
		fmt.Fprintln(s.stdout) // below the ^C that the terminal shows
	}
	if werr := s.lines(w.Summary().Lines(s.out.Style)); err == nil {
		err = werr
	}
	return err
}

func (s *session) lines(lines []string) error {
	for _, line := range lines {
		if _, err := fmt.Fprintln(s.stdout, line); err != nil {
			return err
		}
	}
	return nil
}
