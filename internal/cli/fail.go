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
	about := `
Breaks one service of a node, of the node that holds a VIP now, or of all nodes
of a cluster. Says what it did, to which node, and who holds the VIP afterwards.
"halab restore" mends it.

How:`
	for _, k := range fault.Catalogue() {
		about += fmt.Sprintf("\n   %-6s %s", k.Name, k.Summary)
	}
	return spec{
		name:    "fail",
		summary: "break a service of a node: stop, kill or hang it",
		args:    []arg{{name: "TARGET", kind: aTarget}, {name: "SERVICE", kind: aService}},
		about:   about,
		examples: []string{
			"halab fail frontend-00 haproxy              # stop HAProxy where the VIP is",
			"halab fail frontend-01 keepalived --how kill",
			"halab fail backend-02 node --how hang       # freeze a whole machine",
			"halab fail backend app                      # all apps of the cluster",
		},
		flags: []cli.Flag{
			&cli.StringFlag{Name: "how", Usage: "`HOW` to break it: " + strings.Join(hows(), ", "), Value: "stop"},
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
	service, err := topology.ResolveService(in.arg(1))
	if err != nil {
		return err
	}
	how := in.flags.String("how")
	if err := oneOf("how", how); err != nil {
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
	nodes, err := resolve(before, in.arg(0))
	if err != nil {
		return err
	}
	done, err := fault.NewInjector(s.lab, s.engine).Fail(ctx, nodes, service, how)
	if err != nil {
		return err
	}
	moves, err := s.afterwards(ctx, before, nodes, service)
	if err != nil {
		return err
	}
	answer := broken{Done: done, VIPs: moves}
	return s.answer(answer, func() error { return s.writeBroken(answer) })
}

// electionPatience is how long fail waits for VRRP to find another holder: a
// dead host of the classic profile takes up to 4.6 s.
const electionPatience = 6 * time.Second

// afterwards waits until the VIP has left the nodes that were broken, where
// what was broken should make it leave, and says who holds it then.
func (s *session) afterwards(ctx context.Context, before *lab.Status, nodes []string, service topology.Service) ([]vipMove, error) {
	patience := electionPatience
	if service == topology.ServiceApp {
		patience = 0 // VRRP does not look at the app
	}
	var moves []vipMove
	_, err := every(ctx, 30*time.Millisecond, max(patience, time.Millisecond), func() (bool, error) {
		now, err := s.lab.Status(ctx)
		if err != nil {
			return false, err
		}
		moves = vipMoves(before, now, nodes)
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
	verbs := map[string]string{"stop": "stopped", "kill": "killed", "hang": "froze"}
	var out strings.Builder
	for _, d := range b.Done {
		verb := verbs[d.Fault]
		if verb == "" {
			verb = "did " + d.Fault + " to"
		}
		fmt.Fprintf(&out, "%s %s on %s\n", verb, ui.Clean(d.Service), ui.Clean(d.Node))
	}
	for _, m := range b.VIPs {
		fmt.Fprintln(&out, m.words(s.out.Style))
	}
	_, err := fmt.Fprint(s.stdout, out.String())
	return err
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
