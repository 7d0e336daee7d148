package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/engine/fleet"
	"halab/internal/lab"
	"halab/internal/preflight"
	"halab/internal/render"
	"halab/internal/topology"
)

// listenTime is how long doctor listens on a host: two adverts of the classic
// profile and a little.
const listenTime = 2500 * time.Millisecond

// admit looks at each host before a lab is made there. One that a lab can't be
// on is told of and left out; the others go on. Where none is left, up fails.
func admit(ctx context.Context, s *Session, l *topology.Lab) error {
	f, ok := severalHosts(s.engine)
	if !ok {
		return nil
	}
	var refused []error
	for _, h := range examineHosts(ctx, f, l, 0) {
		if h.running {
			continue // what is broken there now is for restore to mend
		}
		if err := preflight.Error(h.findings); err != nil {
			refused = append(refused, err)
			if f.Lost(h.node) == nil {
				f.Exclude(h.node, err)
			}
			continue
		}
		for _, found := range h.findings {
			if found.Level == preflight.Warning {
				s.emit.Warn("", found.Line())
			}
		}
	}
	if len(refused) == len(l.Nodes()) {
		return errors.Join(refused...)
	}
	return nil
}

// examined is what was found of one host.
type examined struct {
	node     string
	findings []preflight.Finding
	running  bool // the lab is up there
}

// examineHosts looks at each host of a lab, and listens there for a time.
func examineHosts(ctx context.Context, f *fleet.Fleet, l *topology.Lab, listen time.Duration) []examined {
	clocks := f.Clocks(ctx)
	home, _ := f.Info(ctx) // where it is not known, it is not compared
	nodes := l.Nodes()
	list := make([]examined, len(nodes))
	var all sync.WaitGroup
	for i, n := range nodes {
		all.Go(func() {
			facts := hostFacts(l, n)
			facts.Wanted = home.Arch
			if c, known := clocks[n.Name]; known {
				facts.Offset, facts.Within, facts.ClockKnown = c.Offset, c.Within, true
			}
			if facts.Error = f.Lost(n.Name); facts.Error == nil {
				lookAtHost(ctx, f, &facts, listen)
			}
			list[i] = examined{n.Name, preflight.Host(facts), facts.Running}
		})
	}
	all.Wait()
	return list
}

func hostFacts(l *topology.Lab, n topology.Node) preflight.HostFacts {
	facts := preflight.HostFacts{Node: n.Name, Endpoint: n.Endpoint, Interface: n.Interface, Address: n.Address, Lab: l.Name}
	c, _ := l.Cluster(n.Cluster)
	facts.RouterID, facts.VIP = c.VIP.RouterID, c.VIP.Address
	for _, peer := range c.Nodes {
		if peer.Name != n.Name {
			facts.Peers = append(facts.Peers, peer.Address)
		}
	}
	return facts
}

// lookAtHost asks a host's engine, and looks around there with a helper.
func lookAtHost(ctx context.Context, f *fleet.Fleet, facts *preflight.HostFacts, listen time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	e, err := f.Host(facts.Node)
	if err != nil {
		facts.Error = err
		return
	}
	info, err := e.Info(ctx)
	if err != nil {
		facts.Error = fmt.Errorf("%s: %w", facts.Node, err)
		return
	}
	facts.Arch, facts.Version, facts.API = info.Arch, info.Version, info.APIVersion
	if facts.Containers, err = e.Containers(ctx, engine.Filter{engine.LabelLab: ""}); err != nil {
		facts.Error = fmt.Errorf("%s: %w", facts.Node, err)
		return
	}
	facts.Running = slices.ContainsFunc(facts.Containers, func(c engine.Container) bool {
		return c.Labels[engine.LabelLab] == facts.Lab && c.Labels[engine.LabelService] == string(topology.ServiceKeepalived) && c.State == engine.StateRunning
	})
	images, err := e.Images(ctx, engine.Filter{"halab.image": "node"})
	image := lab.OwnNodeImage(images, nil)
	if err != nil || image == "" {
		facts.NoLook = "it has no image to look with; halab up brings it"
		return
	}
	request := agentapi.HostRequest{Interface: facts.Interface, Listen: listen}
	if !facts.Running {
		request.Ports = []int{render.WebPort, render.AppPort, render.StatsPort}
	}
	if facts.Look, err = lookFrom(ctx, e, image, facts.Lab, request); err != nil {
		facts.NoLook = err.Error()
	}
}

// lookFrom runs the helper that looks at a host.
func lookFrom(ctx context.Context, e fleet.Engine, image, name string, r agentapi.HostRequest) (*agentapi.HostReply, error) {
	request, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	h := lab.Helper{Lab: name, Verb: "host", Image: image, Args: []string{agentapi.CommandHost, string(request)},
		Network: "host", Caps: []string{"NET_ADMIN", "NET_RAW", "NET_BIND_SERVICE"}}
	var reply agentapi.HostReply
	if _, err := h.Ask(ctx, e, &reply, nil); err != nil {
		return nil, err
	}
	return &reply, nil
}
