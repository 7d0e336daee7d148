package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/urfave/cli/v2"

	"halab/internal/app"
	"halab/internal/live"
	"halab/internal/ui"
)

// probeRate is how many probes a second events sends to each VIP unless told
// otherwise.
const probeRate = 50

func (p *program) eventsSpec() spec {
	return spec{
		name:    "events",
		summary: "what happens in the lab, a line each",
		args:    []arg{{name: "TARGET", kind: aTarget, optional: true}},
		about: `
Tells what happens from now on, until Ctrl-C: VRRP changes, a VIP that comes to
an interface or leaves it, gratuitous ARPs, HAProxy's view of its servers,
daemons and containers that end and start, faults and their end, and how long a
VIP did not answer. A TARGET is a node, a cluster (or its VIP's name), or
"client". The lab may come and go meanwhile, and its engine be restarted.

The lab's client asks each VIP --rate times a second, on a new connection, for
what HAProxy answers by itself. An outage shorter than the time between two
probes may go unseen: at 50 a second, 20 ms. Two VIPs at 50 a second took about
8 % of one core in all (docs/load.md); with --rate 0 it was less than 1 %: then
no probe is sent, and no gratuitous ARP is heard.`,
		examples: []string{"halab events", "halab events frontend --kind vip,vrrp,outage", "halab events --for 30s --json", "halab events --rate 0"},
		flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "kind", Aliases: []string{"k"}, Usage: "only events of `KIND`: " + strings.Join(kinds(), ", ") + " (repeatable, or with commas)"},
			&cli.Float64Flag{Name: "rate", Usage: "send `N` probes a second to each VIP, at most 500; 0: none", Value: probeRate},
			&cli.DurationFlag{Name: "for", Usage: "end by itself after `TIME`"},
		},
		run: p.events,
	}
}

// kinds are what --kind can be.
func kinds() []string {
	var list []string
	for _, k := range live.Kinds() {
		list = append(list, string(k))
	}
	return list
}

// errOver ends what has run for the time that was asked for.
var errOver = errors.New("the time is over")

func (p *program) events(ctx context.Context, in *input) error {
	order := app.EventOrder{Target: in.arg(0), Rate: in.flags.Float64("rate")}
	for _, list := range in.flags.StringSlice("kind") {
		for kind := range strings.SplitSeq(list, ",") {
			if err := oneOf("kind", kind, kinds()); err != nil {
				return err
			}
			order.Kinds = append(order.Kinds, live.Kind(kind))
		}
	}
	span := in.flags.Duration("for")
	switch {
	case !(order.Rate >= 0 && order.Rate <= 500):
		return usage("--rate is from 0 to 500")
	case in.flags.IsSet("for") && span <= 0:
		return usage("--for is more than nothing, such as 30s")
	}
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	ctx, stop := whileRead(ctx, p.stdout)
	defer stop()
	if span > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, span, errOver)
		defer cancel()
	}
	printer, err := s.eventPrinter(ctx)
	if err == nil {
		err = s.Events(ctx, order, printer.Print)
	}
	if errors.Is(err, errOver) {
		return nil
	}
	return unread(ctx, err)
}

// eventPrinter shows events; each node has the colour that it has in the logs.
func (s *session) eventPrinter(ctx context.Context) (ui.EventPrinter, error) {
	if s.in.json {
		return ui.JSONEvents(s.stdout), nil
	}
	l, err := s.Known(ctx)
	var names []string
	if l != nil {
		for _, n := range l.Nodes() {
			names = append(names, n.Name)
		}
	}
	return ui.TextEvents(s.out, names), err
}
