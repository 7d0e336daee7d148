package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"halab/internal/app"
	"halab/internal/problem"
	"halab/internal/topology"
	"halab/internal/ui"
)

func (p *program) configSpec() spec {
	return spec{
		name:    "config",
		summary: "print the resolved topology, or the file that a node has",
		args:    []arg{{name: "haproxy|keepalived", kind: aDaemon, optional: true}, {name: "NODE", kind: aNode, optional: true}},
		about: `
Without arguments it prints the lab as the description says: clusters, VIPs,
nodes and addresses. With a daemon and a node it prints the configuration file
that the daemon has there, if the lab is up as described; otherwise the one that
it would get: the file of its own that the description mounts, or the template's
for the version in the base's images. On stderr stands which it is. Needs no
engine, but asks it where there is one.

--adapted prints how a lab of your own files differs from your machines: the one
that -c FOLDER would make, or else the one that runs.`,
		flags: []cli.Flag{
			&cli.BoolFlag{Name: "adapted", Usage: "print how a lab of your own files differs from your machines"},
		},
		examples: []string{"halab config", "halab config --adapted -c mine", "halab config --json", "halab config haproxy frontend-01", "halab config keepalived backend-02 --profile classic --base centos7"},
		run:      p.config,
	}
}

func (p *program) config(ctx context.Context, in *input) error {
	if in.flags.Bool("adapted") {
		return p.adapted(ctx, in)
	}
	if l := p.world().OwnTopology(ctx, in.Setting); l != nil {
		return p.configOfOwn(ctx, in, l)
	}
	project, err := in.Load(ctx, p.world().LikelyBase(ctx, in.Setting))
	if err != nil {
		return err
	}
	if in.arg(0) == "" {
		return writeTopology(p.stdout, in, &project.Lab)
	}
	node, err := configNode(in, &project.Lab)
	if err != nil {
		return err
	}
	file, err := p.world().FileOf(ctx, in.Setting, project, node, in.arg(0))
	if err != nil {
		return err
	}
	return p.writeFile(in, file)
}

// configNode is the node whose file is wanted.
func configNode(in *input, l *topology.Lab) (topology.Node, error) {
	daemons := []string{"haproxy", "keepalived"}
	if !slices.Contains(daemons, in.arg(0)) {
		return topology.Node{}, usage("there is a configuration file for haproxy and for keepalived, none for %q%s", in.arg(0), didYouMean(in.arg(0), daemons))
	}
	if in.arg(1) == "" {
		return topology.Node{}, app.AsUsage(problem.New("NODE is missing").Cure(fmt.Sprintf("usage: halab config %s NODE", in.arg(0))))
	}
	return l.ResolveNode(in.arg(1))
}

// configOfOwn reads a lab that runs files of the user's own.
func (p *program) configOfOwn(ctx context.Context, in *input, l *topology.Lab) error {
	if in.arg(0) == "" {
		return writeTopology(p.stdout, in, l)
	}
	node, err := configNode(in, l)
	if err != nil {
		return err
	}
	file, err := p.world().OwnFile(ctx, in.Setting, node.Name, in.arg(0))
	if err != nil {
		return err
	}
	return p.writeFile(in, file)
}

// adapted prints how the lab differs from the real machines.
func (p *program) adapted(ctx context.Context, in *input) error {
	a, err := p.world().Adapted(ctx, in.Setting)
	if err != nil {
		return err
	}
	if in.json {
		return ui.WriteJSON(p.stdout, a)
	}
	var out strings.Builder
	for _, part := range []struct {
		title string
		notes []app.AdaptedNote
	}{{"adapted around the files, which are unchanged", a.Adapted}, {"what the files ask for and this lab can't give", a.Unmet}} {
		if len(part.notes) == 0 {
			continue
		}
		fmt.Fprintf(&out, "%s:\n", part.title)
		for _, n := range part.notes {
			for i, line := range ui.Wrap(ui.Clean(n.String()), 76) {
				fmt.Fprintf(&out, "%s%s\n", map[bool]string{true: "  - ", false: "    "}[i == 0], line)
			}
		}
	}
	_, err = fmt.Fprint(p.stdout, out.String())
	return err
}

func (p *program) writeFile(in *input, file app.NodeFile) error {
	if in.json {
		return ui.WriteJSON(p.stdout, file)
	}
	if in.detail != ui.Quiet {
		fmt.Fprintln(p.stderr, ui.Clean("halab: "+file.About))
	}
	_, err := fmt.Fprint(p.stdout, file.Text)
	return err
}

func writeTopology(w io.Writer, in *input, l *topology.Lab) error {
	if in.json {
		return ui.WriteJSON(w, shape(l))
	}
	own := "the interface " + l.Network.Parent + " of the host"
	if l.Network.Own {
		own = "a pair of its own, " + l.Network.Parent
	}
	leg := "none"
	if l.Network.HostLeg.IsValid() {
		leg = l.Network.HostLeg.String()
	}
	var out strings.Builder
	fmt.Fprintf(&out, "lab %s, base %s, profile %s\nnetwork %s on %s, the host's leg %s, client %s\n",
		l.Name, l.Base, l.Profile, l.Network.Subnet, own, leg, l.ClientAddress)
	for _, c := range l.Clusters {
		fmt.Fprintf(&out, "\n%s", c.Name)
		for _, v := range c.VIPs() {
			fmt.Fprintf(&out, "  %s %s, router ID %d\n", v.Name, v.Address, v.RouterID)
		}
		t := ui.Table{Indent: "  "}
		for _, n := range c.Nodes {
			t.Row(n.Name, n.Address.String(), n.MAC, ui.Clean(n.Endpoint))
		}
		if err := t.Write(&out); err != nil {
			return err
		}
	}
	_, err := fmt.Fprint(w, cleanLines(out.String()))
	return err
}
