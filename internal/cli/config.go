package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

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
engine, but asks it where there is one.`,
		examples: []string{"halab config", "halab config --json", "halab config haproxy frontend-01", "halab config keepalived backend-02 --profile classic --base centos7"},
		run:      p.config,
	}
}

func (p *program) config(ctx context.Context, in *input) error {
	project, err := in.Load(ctx, p.world().LikelyBase(ctx, in.Setting))
	if err != nil {
		return err
	}
	if in.arg(0) == "" {
		return p.writeTopology(in, &project.Lab)
	}
	daemons := []string{"haproxy", "keepalived"}
	if !slices.Contains(daemons, in.arg(0)) {
		return usage("there is a configuration file for haproxy and for keepalived, none for %q%s", in.arg(0), didYouMean(in.arg(0), daemons))
	}
	if in.arg(1) == "" {
		return app.AsUsage(problem.New("NODE is missing").Cure(fmt.Sprintf("usage: halab config %s NODE", in.arg(0))))
	}
	node, err := project.Lab.ResolveNode(in.arg(1))
	if err != nil {
		return err
	}
	file, err := p.world().FileOf(ctx, in.Setting, project, node, in.arg(0))
	if err != nil {
		return err
	}
	if in.json {
		return ui.WriteJSON(p.stdout, file)
	}
	if in.detail != ui.Quiet {
		fmt.Fprintln(p.stderr, ui.Clean("halab: "+file.About))
	}
	_, err = fmt.Fprint(p.stdout, file.Text)
	return err
}

func (p *program) writeTopology(in *input, l *topology.Lab) error {
	if in.json {
		return ui.WriteJSON(p.stdout, shape(l))
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
		fmt.Fprintf(&out, "\n%s  %s %s, router ID %d\n", c.Name, c.VIP.Name, c.VIP.Address, c.VIP.RouterID)
		t := ui.Table{Indent: "  "}
		for _, n := range c.Nodes {
			t.Row(n.Name, n.Address.String(), n.MAC, ui.Clean(n.Endpoint))
		}
		if err := t.Write(&out); err != nil {
			return err
		}
	}
	_, err := fmt.Fprint(p.stdout, cleanLines(out.String()))
	return err
}
