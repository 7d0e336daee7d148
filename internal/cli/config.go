package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"halab/internal/composefile"
	"halab/internal/render"
	"halab/internal/topology"
	"halab/internal/ui"
)

func (p *program) configSpec() spec {
	return spec{
		name:    "config",
		summary: "print the resolved topology, or the file a node would get",
		args:    []arg{{name: "haproxy|keepalived", kind: aDaemon, optional: true}, {name: "NODE", kind: aNode, optional: true}},
		about: `
Without arguments it prints the lab as the description says: clusters, VIPs,
nodes and addresses. With a daemon and a node it prints the configuration file
that the daemon would get there, for its version in the base's images. Needs no
engine, but with --base auto it asks the engine which base it would be.`,
		examples: []string{"halab config", "halab config --json", "halab config haproxy frontend-01", "halab config keepalived backend-02 --profile classic --base centos7"},
		run:      p.config,
	}
}

func (p *program) config(ctx context.Context, in *input) error {
	project, err := p.load(ctx, in.settings, p.likelyBase(ctx, in))
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
		return usage("NODE is missing\n  usage: halab config %s NODE", in.arg(0))
	}
	node, err := project.Lab.ResolveNode(in.arg(1))
	if err != nil {
		return err
	}
	text, err := renderFor(project, node, topology.Service(in.arg(0)))
	if err != nil {
		return err
	}
	if in.json {
		return ui.WriteJSON(p.stdout, map[string]string{"node": node.Name, "service": in.arg(0), "text": text})
	}
	_, err = fmt.Fprint(p.stdout, text)
	return err
}

// likelyBase says what base up would take, as far as can be told without
// pulling anything: the engine is asked, where there is one.
func (p *program) likelyBase(ctx context.Context, in *input) string {
	if in.base != "auto" {
		return in.base
	}
	s, err := p.session(ctx, in)
	if err != nil {
		return knownBase(in.base)
	}
	defer s.close()
	base, err := s.guessBase(ctx)
	if err != nil {
		return knownBase(in.base)
	}
	return base
}

// renderFor renders the file of a service from the environment that its
// container would get, as the service itself does when it starts.
func renderFor(project *composefile.Project, node topology.Node, service topology.Service) (string, error) {
	at := slices.IndexFunc(project.Containers, func(w composefile.Wanted) bool { return w.Service == node.Services[service] })
	if at < 0 {
		return "", fmt.Errorf("%s has no %s in the description", node.Name, service)
	}
	env := map[string]string{}
	for _, pair := range project.Containers[at].Spec.Env {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	input, err := render.FromEnv(func(name string) string { return env[name] })
	if err != nil {
		return "", err
	}
	haproxy, keepalived, err := render.Versions(project.Lab.Base)
	if err != nil {
		return "", err
	}
	if service == topology.ServiceHAProxy {
		return render.HAProxy(input, haproxy)
	}
	return render.Keepalived(input, keepalived)
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
