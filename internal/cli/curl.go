package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"halab/internal/agentapi"
	"halab/internal/app"
	"halab/internal/problem"
	"halab/internal/ui"
)

func (p *program) curlSpec() spec {
	return spec{
		name:    "curl",
		summary: "one request to the front VIP from inside the lab",
		args:    []arg{{name: "PATH", kind: aPath, optional: true}},
		about: `
Asks the VIP of the cluster that is in front, the first that no other one asks,
for PATH (default /frontend, or /backend where its apps ask nobody) from the
lab's client, so it works with any Docker endpoint, also where the host has no
leg on the lab's network. Fails when there is no answer, or none with status
200.`,
		examples: []string{"halab curl", "halab curl /haproxy-alive", "halab curl /frontend --json"},
		flags: []cli.Flag{
			&cli.DurationFlag{Name: "timeout", Usage: "give up after `TIME`", Value: 5 * time.Second},
		},
		run: p.curl,
	}
}

func (p *program) curl(ctx context.Context, in *input) error {
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	asking, err := s.Ask(ctx, app.AskOrder{Path: in.arg(0), Interval: time.Second, Count: 1, Timeout: in.flags.Duration("timeout")})
	if err != nil {
		return err
	}
	var answer *agentapi.Response
	err = asking.Each(ctx, func(r agentapi.Response) error { answer = &r; return nil })
	if err != nil {
		return err
	}
	if answer == nil {
		return errors.New("the client ended without an answer")
	}
	return s.writeResponse(asking.URL, *answer)
}

func (s *session) writeResponse(url string, r agentapi.Response) error {
	if s.in.json {
		if err := ui.WriteJSON(s.stdout, r); err != nil {
			return err
		}
	} else if r.Body != "" {
		body := r.Body
		if s.out.TTY {
			body = cleanLines(body)
		}
		if !strings.HasSuffix(body, "\n") {
			body += "\n"
		}
		if _, err := fmt.Fprint(s.stdout, body); err != nil {
			return err
		}
	}
	took := ui.Millis(r.Done.Sub(r.Due))
	switch {
	case r.Error != "":
		return problem.New("%s: %s after %s", url, r.Error, took).Cure("see what is wrong", "halab status")
	case r.Status != 200:
		return fmt.Errorf("%s: status %d after %s", url, r.Status, took)
	}
	return nil
}

// cleanLines makes text of many lines harmless for a terminal.
func cleanLines(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		out.WriteString(ui.Clean(strings.TrimRight(line, "\r\n")) + "\n")
	}
	return out.String()
}
