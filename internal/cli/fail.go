package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"halab/internal/fault"
	"halab/internal/lab"
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

// broken is the answer of fail.
type broken struct {
	Done []fault.Done `json:"done"`
	VIPs []vipMove    `json:"vips"` // of the clusters that were touched
}

// vipMove says who held a VIP before and who holds it after.
type vipMove struct {
	Name    string   `json:"name"`
	Address string   `json:"address"`
	Before  []string `json:"before"`
	Holders []string `json:"holders"`
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
	before, err := s.status(ctx)
	if err != nil {
		return err
	}
	nodes, err := before.Resolve(in.arg(0))
	if err != nil {
		return err
	}
	peers, err := order.Peers(before)
	if err != nil {
		return err
	}
	injector := s.Injector()
	if order.For > 0 && !order.Inside() {
		if err := s.startEnd(nodes, order); err != nil {
			return err
		}
	}
	done, err := injector.Inject(ctx, nodes, peers, order)
	if err != nil {
		return err
	}
	moves, err := s.afterwards(ctx, before, nodes, order)
	if err != nil {
		return err
	}
	answer := broken{Done: done, VIPs: moves}
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

// electionPatience is how long fail waits for VRRP to find another holder: a
// dead host of the classic profile takes up to 4.6 s.
const electionPatience = 6 * time.Second

// afterwards waits until the VIP has left the nodes that were broken, where
// what was broken should make it leave, and says who holds it then.
func (s *session) afterwards(ctx context.Context, before *lab.Status, nodes []string, order fault.Order) ([]vipMove, error) {
	patience := electionPatience
	if !order.MovesVIP() {
		patience = 0
	}
	var moves []vipMove
	_, err := every(ctx, 30*time.Millisecond, max(patience, time.Millisecond), func() (bool, error) {
		now, err := s.Lab.Status(ctx)
		if err != nil {
			return false, err
		}
		moves = vipMoves(before, now, nodes)
		if order.EndsNode() {
			forget(moves, nodes)
		}
		return patience == 0 || settled(moves, nodes, now), nil
	})
	return moves, err
}

// vipMoves compares the holders of the VIPs of the clusters that nodes are of.
func vipMoves(before, now *lab.Status, nodes []string) []vipMove {
	var moves []vipMove
	for _, c := range now.Clusters {
		if !slices.ContainsFunc(c.Nodes, func(n lab.Node) bool { return slices.Contains(nodes, n.Name) }) {
			continue
		}
		moves = append(moves, vipMove{Name: c.VIP.Name, Address: c.VIP.Address,
			Before: before.Holders()[c.VIP.Name], Holders: c.VIP.Holders})
	}
	return moves
}

// forget takes nodes that have ended out of the holders: an engine on a busy machine
// may call a node running for a while after it has killed it.
func forget(moves []vipMove, ended []string) {
	for i := range moves {
		moves[i].Holders = slices.DeleteFunc(moves[i].Holders, func(n string) bool { return slices.Contains(ended, n) })
	}
}

// settled says whether nothing more is to be expected: somebody else holds the
// VIP, or everybody who could was broken.
func settled(moves []vipMove, nodes []string, now *lab.Status) bool {
	for _, m := range moves {
		hit := func(name string) bool { return slices.Contains(nodes, name) }
		moved := slices.ContainsFunc(m.Holders, func(h string) bool { return !hit(h) })
		if moved || !slices.ContainsFunc(m.Before, hit) && len(m.Holders) > 0 {
			continue
		}
		for _, c := range now.Clusters {
			heir := func(n lab.Node) bool { return !hit(n.Name) && n.VRRP != "" && n.VRRP != "FAULT" }
			if c.VIP.Name == m.Name && slices.ContainsFunc(c.Nodes, heir) {
				return false
			}
		}
	}
	return true
}

func (s *session) writeBroken(b broken) error {
	verbs := map[string]string{"stop": "stopped", "kill": "killed", "hang": "froze", "poweroff": "switched off", "crash": "crashed", "shutdown": "shut down"}
	var out strings.Builder
	for _, d := range b.Done {
		verb := verbs[d.Fault]
		if verb == "" || d.Service == "" {
			verb = "did " + ui.Clean(strings.Join(append([]string{d.Fault}, d.Words...), " ")) + " to"
		} else {
			verb += " " + ui.Clean(d.Service) + " on"
		}
		fmt.Fprintf(&out, "%s %s%s\n", verb, ui.Clean(d.Node), untilWords(d.Until))
	}
	for _, m := range b.VIPs {
		fmt.Fprintln(&out, m.words(s.out.Style))
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

// words says where a VIP is and where it was.
func (m vipMove) words(style ui.Style) string {
	vip := fmt.Sprintf("%s (%s)", ui.Clean(m.Name), ui.Clean(m.Address))
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
