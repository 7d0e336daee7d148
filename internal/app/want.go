package app

import (
	"context"
	"strings"
	"time"

	"halab/internal/lab"
	"halab/internal/plan"
	"halab/internal/problem"
	"halab/internal/topology"
)

// want is what the lab package is asked for, with the budgets that this machine
// can give.
func (m making) want(ctx context.Context, p *prepared, patience time.Duration) (lab.Want, error) {
	if f, several := severalHosts(m.s.engine); several {
		p.roots = f.RootCgroups(ctx)
	}
	want, err := p.want(patience)
	if err == nil {
		m.grantRealtime(ctx, p, want.Containers)
	}
	return want, err
}

// want is the same, for any machine.
func (p *prepared) want(patience time.Duration) (lab.Want, error) {
	l := &p.project.Lab
	host := hostRequest(l)
	want := lab.Want{
		Wanted: plan.Wanted{Networks: p.project.Networks, Volumes: p.project.Volumes,
			HostNetwork: !l.OnHosts() && !hostReady(p.facts, host), ParentGone: !l.OnHosts() && parentGone(p.facts)},
		Host:      host,
		HostImage: p.images["node"],
		Patience:  patience,
	}
	for _, c := range p.project.Containers {
		spec := c.Spec
		if exact, ok := p.exact(spec.Image); ok {
			spec.Image = exact
		}
		if spec.CPUShares > 0 && spec.CgroupParent == "" {
			spec.CgroupParent = p.rootCgroup(spec.Endpoint) // so that they count against the host's own load, too
		}
		if c.Service == l.Client {
			want.Client = spec.Name
		}
		want.Containers = append(want.Containers, spec)
	}
	front, ok := l.Front()
	if !ok {
		return want, problem.New("the description has no cluster").Cure("add one to x-halab: see docs/compose.md")
	}
	want.URL = front.URL(front.Path())
	want.Own = l.Profile == topology.ProfileOwn
	for _, c := range l.Clusters {
		for _, listener := range c.Listeners {
			want.Listeners = append(want.Listeners, listener.String())
		}
	}
	return want, nil
}

// exact turns "halab/node:debian12" into the tag that has the contents in it.
// Other images are the user's own.
func (p *prepared) exact(image string) (string, bool) {
	name, ok := strings.CutPrefix(image, "halab/")
	if !ok {
		return "", false
	}
	name, tag, _ := strings.Cut(name, ":")
	exact, ok := p.images[name]
	return exact, ok && tag == p.base
}

// rootCgroup is where the control groups of an engine begin; empty where it has
// no place to put a container.
func (p *prepared) rootCgroup(endpoint string) string {
	if endpoint == "" {
		return p.facts.Engine.RootCgroup
	}
	return p.roots[endpoint]
}
