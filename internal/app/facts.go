package app

import (
	"context"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/composefile"
	"halab/internal/preflight"
	"halab/internal/topology"
)

// facts collects what preflight judges, about the lab as it is described.
func (m making) facts(ctx context.Context, p *composefile.Project) preflight.Facts {
	l, local := &p.Lab, false
	if e, ok := m.s.engine.(interface{ Endpoint() string }); ok {
		local = strings.HasPrefix(e.Endpoint(), "unix://")
	}
	return preflight.Collect(ctx, m.s.engine, local, preflight.Facts{
		Lab: l.Name, Subnet: l.Network.Subnet, Parent: l.Network.Parent, Own: l.Network.Own, Base: m.set.Base, Hosts: l.OnHosts(),
		Names: wantedNames(p),
	})
}

// settled is what is true of the engine and its host once nothing is at work
// there that a killed halab left: until then interfaces come and go.
func (m making) settled(ctx context.Context, p *composefile.Project) preflight.Facts {
	facts := m.facts(ctx, p)
	others, err := m.s.lab.EndHelpers(ctx, facts.Containers)
	if err != nil {
		facts.EngineError = err
		return facts
	}
	if len(others) < len(facts.Containers) {
		return m.facts(ctx, p)
	}
	return facts
}

// locate asks a helper which network namespace the engine's host is in, where
// that is not known and an image for the helper is there. It costs a container's
// start, so up asks only where what was seen from here stands in the way.
func (m making) locate(ctx context.Context, p *composefile.Project, f *preflight.Facts) {
	if f.EngineError != nil || !f.Local || f.Beside != preflight.NotKnown || p.Lab.OnHosts() {
		return
	}
	image, err := m.s.lab.HelperImage(ctx, f.Containers)
	if err != nil || image == "" {
		return // as long as nothing was built, it is taken for granted
	}
	if namespace, err := m.s.lab.HostLook(ctx, image, hostRequest(&p.Lab)); err == nil {
		f.LearnNamespace(namespace)
	}
}

// wantedNames lists what the lab's objects will be called.
func wantedNames(p *composefile.Project) preflight.Names {
	var n preflight.Names
	for _, c := range p.Containers {
		n.Containers = append(n.Containers, c.Spec.Name)
	}
	for _, w := range p.Networks {
		n.Networks = append(n.Networks, w.Name)
	}
	for _, v := range p.Volumes {
		n.Volumes = append(n.Volumes, v.Name)
	}
	if host := hostRequest(&p.Lab); host.Peer != "" {
		n.Interfaces = append(n.Interfaces, host.Parent, host.Peer, host.Leg)
	} else if host.Leg != "" {
		n.Interfaces = append(n.Interfaces, host.Leg)
	}
	return n
}

// hostRequest says which interfaces a lab needs on the engine's host.
func hostRequest(l *topology.Lab) agentapi.NetworkRequest {
	r := agentapi.NetworkRequest{Lab: l.Name, Parent: l.Network.Parent, Subnet: l.Network.Subnet.String()}
	if l.Network.Own {
		r.Peer = l.Peer()
	}
	if l.Network.HostLeg.IsValid() {
		r.Leg, r.LegIP = l.Leg(), l.Network.HostLeg.String()
	}
	return r
}
