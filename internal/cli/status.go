package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"halab/internal/lab"
	"halab/internal/ui"
)

func (p *program) statusSpec() spec {
	return spec{
		name:    "status",
		summary: "show who holds each VIP and how every part is",
		about: `
Shows for each cluster its VIP and who holds it, as seen on the nodes'
interfaces, and for each node its VRRP state, its services, and how many app
servers its HAProxy has up. Below each cluster stands what keeps it from being
healthy.

A service is "up", "down" (its container has ended), "hung" (frozen, or no sign
of life), "mute" (its container runs but the daemon does not answer) or "none"
(no container).`,
		examples: []string{"halab status", "halab status --watch", "halab status --json"},
		flags: []cli.Flag{
			&cli.BoolFlag{Name: "watch", Aliases: []string{"w"}, Usage: "show it again whenever it changes, until Ctrl-C"},
		},
		run: p.status,
	}
}

func (p *program) status(ctx context.Context, in *input) error {
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	if in.flags.Bool("watch") {
		return s.watchStatus(ctx)
	}
	st, err := s.Look(ctx)
	if err != nil {
		return err
	}
	return s.writeStatus(s.stdout, st, ui.WriteJSON)
}

func (s *session) writeStatus(w io.Writer, st *lab.State, asJSON func(io.Writer, any) error) error {
	if st.Clusters == nil {
		st.Clusters = []lab.Cluster{}
	}
	if s.in.json {
		return asJSON(w, st)
	}
	if len(st.Clusters) == 0 {
		_, err := fmt.Fprintf(w, "lab %s is not up; bring it up:  %s\n", ui.Clean(st.Lab), s.in.selection.command("halab up"))
		return err
	}
	return ui.Status(w, st, s.out.Style)
}

// watchStatus shows the status whenever it changes: over the old one on a terminal,
// below it elsewhere.
func (s *session) watchStatus(ctx context.Context) error {
	ctx, stop := whileRead(ctx, s.stdout)
	defer stop()
	return unread(ctx, s.Watch(ctx, func(st *lab.State) error {
		var next bytes.Buffer
		if err := s.writeStatus(&next, st, ui.WriteJSONLine); err != nil {
			return err
		}
		return s.showAgain(next.Bytes())
	}))
}

func (s *session) showAgain(text []byte) error {
	switch {
	case s.in.json:
	case s.out.TTY:
		text = append([]byte("\x1b[H\x1b[2J"), text...) // cursor home, erase the screen
	default:
		text = append([]byte(time.Now().Format("15:04:05.000")+" "), text...)
		text = append(text, '\n')
	}
	_, err := s.stdout.Write(text)
	return err
}
