package cli

import (
	"context"
	"fmt"

	"halab/internal/composefile"
	"halab/internal/preflight"
	"halab/internal/topology"
)

// locate asks a helper which network namespace the engine's host is in, where
// that is not known and an image for the helper is there. It costs a container's
// start, so up asks only where what was seen from here stands in the way.
func (s *session) locate(ctx context.Context, p *composefile.Project, f *preflight.Facts) {
	if f.EngineError != nil || !f.Local || f.Beside != preflight.NotKnown || p.Lab.OnHosts() {
		return
	}
	image, err := s.lab.HelperImage(ctx, f.Containers)
	if err != nil || image == "" {
		return // as long as nothing was built, it is taken for granted
	}
	if namespace, err := s.lab.HostLook(ctx, image, hostRequest(&p.Lab)); err == nil {
		f.LearnNamespace(namespace)
	}
}

// reach says whether the VIPs can be asked from here, and if not, why.
func (s *session) reach(l *topology.Lab, f preflight.Facts) (reachable bool, why string) {
	if l.OnHosts() {
		return true, "" // on a network of its own, which halab knows nothing about
	}
	if s.lab.Namespace() != "" {
		f.LearnNamespace(s.lab.Namespace())
	}
	leg := fmt.Sprintf("the leg of the engine's host, %s,", l.Network.HostLeg)
	switch {
	case !l.Network.HostLeg.IsValid():
		return false, "the host has no leg on the lab's network"
	case !f.Local:
		return false, leg + " is on another machine"
	case f.Beside == preflight.No:
		return false, leg + " is in another network namespace"
	}
	return true, ""
}
