package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"halab/internal/app"
	"halab/internal/fault"
	"halab/internal/topology"
	"halab/internal/ui"
)

func (p *program) failSpec() spec {
	return spec{
		name:    "fail",
		summary: "break a service of a node, or the node itself",
		args: []arg{{name: "TARGET", kind: aTarget}, {name: "SERVICE|FAULT", kind: aFault},
			{name: "ARG", kind: aFaultArg, optional: true, many: true}},
		about: failAbout(),
		examples: []string{
			"halab fail frontend-00 haproxy              # stop HAProxy where the VIP is",
			"halab fail frontend-01 keepalived --how kill",
			"halab fail backend app                      # all apps of the cluster",
			"halab fail frontend-01 link down --for 10s",
			"halab fail frontend-01 partition backend --one-way",
			"halab fail frontend-01 loss 30",
		},
		flags: []cli.Flag{
			&cli.StringFlag{Name: "how", Usage: "`HOW` to break it: " + strings.Join(hows(), ", "), Value: "stop"},
			&cli.DurationFlag{Name: "for", Usage: "the fault ends by itself after `TIME`, also when halab is gone"},
			&cli.BoolFlag{Name: "one-way", Usage: "partition: only the second target stops hearing the first"},
		},
		run: p.fail,
	}
}

func (p *program) fail(ctx context.Context, in *input) error {
	order, err := failOrder(in)
	if err != nil {
		return err
	}
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	answer, err := s.Fail(ctx, app.FailOrder{Order: order, Target: in.arg(0), Keep: s.startEnd})
	if err != nil {
		return err
	}
	return s.answer(answer, func() error { return s.writeBroken(answer) })
}

// failOrder reads the words after the target and the flags.
func failOrder(in *input) (fault.Order, error) {
	words := in.args[1:]
	if isService(words[0]) {
		if len(words) > 1 {
			return fault.Order{}, usage("%q is one word too many; say how by --how", words[1])
		}
		how := in.flags.String("how")
		if err := oneOf("how", how, values("how")); err != nil {
			return fault.Order{}, err
		}
		words = append(slices.Clone(words), how)
	} else if in.flags.IsSet("how") {
		return fault.Order{}, usage("--how is for a service: app, haproxy, keepalived or node")
	}
	order, err := fault.Parse(words)
	if err != nil {
		return order, usage("%v", err)
	}
	order.For, order.OneWay = in.flags.Duration("for"), in.flags.Bool("one-way")
	if err := order.Check(); err != nil {
		return order, usage("%v", err)
	}
	return order, nil
}

func isService(word string) bool {
	return slices.Contains(topology.Services(), topology.Service(word))
}

func (s *session) writeBroken(b app.Broken) error {
	var out strings.Builder
	for _, d := range b.Done {
		fmt.Fprintf(&out, "%s%s\n", ui.Clean(d.Text()), untilWords(d.Until))
		for _, note := range d.Notes {
			fmt.Fprintf(&out, "  %s\n", ui.Clean(note))
		}
	}
	for _, m := range b.VIPs {
		fmt.Fprintln(&out, vipWords(m, s.out.Style))
	}
	_, err := fmt.Fprint(s.stdout, out.String())
	return err
}

func untilWords(until *time.Time) string {
	if until == nil {
		return ""
	}
	return ", until " + clock(until)
}

// vipTitle is a VIP's name and address. One of an operator's own files has no name but
// its address, which is said once.
func vipTitle(name, address string) string {
	if name == address {
		return ui.Clean(name)
	}
	return fmt.Sprintf("%s (%s)", ui.Clean(name), ui.Clean(address))
}

// vipWords says where a VIP is and where it was.
func vipWords(m app.VIPMove, style ui.Style) string {
	vip := vipTitle(m.Name, m.Address)
	names := ui.Clean(strings.Join(m.Holders, " and "))
	switch {
	case len(m.Holders) == 0:
		return vip + " is held by " + style.Bad("nobody")
	case len(m.Holders) > 1:
		return vip + " is held by " + style.Bad(names) + " at once"
	case slices.Equal(m.Before, m.Holders):
		return vip + " is still held by " + style.Good(names)
	case len(m.Before) == 0:
		return vip + " is now held by " + style.Good(names)
	}
	return vip + " is now held by " + style.Good(names) + ", before by " + ui.Clean(strings.Join(m.Before, " and "))
}
