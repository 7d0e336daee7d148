package cli

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/urfave/cli/v2"

	"halab/internal/app"
	"halab/internal/problem"
	"halab/internal/web"
)

// pageAt is where the page is unless told otherwise.
const pageAt = "127.0.0.1:7070"

func (p *program) uiSpec() spec {
	return spec{
		name:    "ui",
		summary: "a live page of the lab, in a browser",
		about: `
Serves a page on this machine until Ctrl-C and prints its address: who holds
each VIP, every request as it is answered, what happens, and forms to break,
restore, switch and drill. While it is open the lab's client asks each VIP 50
times a second; closed, nothing runs.

The page can do to the lab what halab can. So it listens on this machine alone
and opens to whoever has the key in its address; with --read-only it only shows.
With --listen on another address, everybody who can reach it there and has the
key can break the lab, and the key travels unencrypted (docs/security.md).

--replay shows a drill that was saved (halab drill --save), without a lab.`,
		examples: []string{"halab ui", "halab ui --read-only", "halab ui --listen 127.0.0.1:0", "halab ui --replay drill.json.gz"},
		flags: []cli.Flag{
			&cli.StringFlag{Name: "listen", Usage: "serve at `ADDRESS:PORT`; port 0 takes a free one", Value: pageAt},
			&cli.BoolFlag{Name: "read-only", Usage: "nothing can be broken from the page"},
			&cli.StringFlag{Name: "replay", Usage: "show the saved drill `FILE` instead of a lab", TakesFile: true},
		},
		run: p.ui,
	}
}

// pageAddress is the answer of ui.
type pageAddress struct {
	URL      string `json:"url"`
	ReadOnly bool   `json:"read_only"`
}

func (p *program) ui(ctx context.Context, in *input) error {
	at, err := netip.ParseAddrPort(in.flags.String("listen"))
	if err != nil {
		return usage("--listen %s: write an address and a port, such as %s", in.flags.String("listen"), pageAt)
	}
	s := p.offline(in)
	defer s.story.end()
	o := web.Options{Key: web.NewKey(), ReadOnly: in.flags.Bool("read-only"), Keep: s.startEnd}
	if file := in.flags.String("replay"); file != "" {
		if o.Replay, err = savedDrill(file); err != nil {
			return err
		}
	}
	page := web.New(o)
	if o.Replay == nil {
		if s.Session, err = app.Open(ctx, p.world(), in.Setting, page.Tell); err != nil {
			return err
		}
		defer s.Close()
		page.Show(s.Session)
	}
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
	if err != nil {
		return problem.New("the page can't be served: %w", err).
			Cure("take a free port", fmt.Sprintf("halab ui --listen %s", netip.AddrPortFrom(at.Addr(), 0)))
	}
	answer := pageAddress{URL: fmt.Sprintf("http://%s/?key=%s", l.Addr(), o.Key), ReadOnly: o.ReadOnly}
	if err := s.answer(answer, func() error { return s.writePage(answer, at.Addr().IsLoopback()) }); err != nil {
		l.Close()
		return err
	}
	return page.Serve(ctx, l)
}

func (s *session) writePage(a pageAddress, loopback bool) error {
	if !loopback {
		fmt.Fprintln(s.err.Writer, s.err.Style.Odd("! ")+"everybody who can reach this address and has the key can use the page; the key travels unencrypted")
	}
	_, err := fmt.Fprintf(s.stdout, "%s\nCtrl-C ends it\n", a.URL)
	return err
}
