package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"halab/internal/agentapi"
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
	a := asking{interval: in.flags.Duration("interval"), count: in.flags.Int("count"), timeout: in.flags.Duration("timeout")}
	if a.interval < time.Millisecond || a.count < 0 || a.timeout <= 0 {
		return usage("--interval is at least 1ms, --count at least 0, and --timeout more than nothing")
	}
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	st, err := s.status(ctx)
	if err != nil {
		return err
	}
	if a.url, err = requestURL(st, in.arg(0)); err != nil {
		return err
	}
	client, err := s.clientContainer(ctx)
	if err != nil {
		return err
	}
	return s.watchRequests(ctx, client.ID, a)
}

func (s *session) watchRequests(ctx context.Context, client string, a asking) error {
	w := ui.NewWatch(s.out.Style)
	all := s.in.flags.Bool("all")
	err := s.ask(ctx, client, a, func(r agentapi.Response) error {
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
