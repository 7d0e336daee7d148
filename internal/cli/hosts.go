package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/engine/fleet"
	"halab/internal/preflight"
	"halab/internal/topology"
)

// engines opens the engine, or, where the description says that the nodes are
// hosts, all of theirs as well. The topology comes with the latter.
func (p *program) engines(ctx context.Context, in *input) (engineAPI, *topology.Lab, error) {
	home, err := p.open(ctx, in.host)
	if err != nil || len(in.files) == 0 {
		return home, nil, err
	}
	project, err := p.load(ctx, in.settings, knownBase(in.base))
	if err != nil {
		_ = home.Close() // nothing was asked of it
		return nil, nil, err
	}
	if !project.Lab.OnHosts() {
		return home, nil, nil
	}
	whole, ok := home.(fleet.Engine)
	if !ok {
		return nil, nil, errors.New("this engine can't be one of several")
	}
	var members []fleet.Member
	for _, n := range project.Lab.Nodes() {
		m := fleet.Member{Name: n.Name, Endpoint: n.Endpoint}
		if e, err := p.open(ctx, n.Endpoint); err != nil {
			m.Problem = err
		} else if m.Engine, ok = e.(fleet.Engine); !ok {
			m.Problem = errors.New("this engine can't be one of several")
		}
		members = append(members, m)
	}
	for _, c := range project.Containers {
		if c.Endpoint == "" || slices.ContainsFunc(members, func(m fleet.Member) bool { return m.Endpoint == c.Endpoint }) {
			continue
		}
		m := fleet.Member{Name: c.Service, Endpoint: c.Endpoint}
		if e, err := p.open(ctx, c.Endpoint); err != nil {
			m.Problem = err
		} else {
			m.Engine, _ = e.(fleet.Engine)
		}
		members = append(members, m)
	}
	return fleet.New(whole, members), &project.Lab, nil
}

// fleet is the session's engine where it is one of several hosts.
func (s *session) fleet() (*fleet.Fleet, bool) {
	f, ok := s.engine.(*fleet.Fleet)
	return f, ok
}

// clocks measures the clocks of the hosts, where nodes are hosts.
func (s *session) clocks(ctx context.Context) map[string]fleet.Clock {
	f, ok := s.fleet()
	if !ok {
		return nil
	}
	return f.Clocks(ctx)
}

// tellClocks says how far the hosts' clocks are off, by which what they write is
// put into order.
func (s *session) tellClocks(clocks map[string]fleet.Clock) {
	for _, name := range slices.Sorted(maps.Keys(clocks)) {
		c := clocks[name]
		s.emit.Info(name, fmt.Sprintf("its clock is off by %s, ±%s; its times are corrected by that",
			c.Offset.Round(100*time.Microsecond), c.Within.Round(100*time.Microsecond)))
	}
}

// distribute brings the images to all hosts that lack them. A host that fails
// is told of; the others go on, and up says so again at its end.
func (s *session) distribute(ctx context.Context, images map[string]string) error {
	f, ok := s.fleet()
	if !ok {
		return nil
	}
	var mu sync.Mutex
	ends := map[string]func(error){}
	failed := f.Distribute(ctx, slices.Sorted(maps.Values(images)), func(host, line string) {
		mu.Lock()
		defer mu.Unlock()
		if ends[host] == nil {
			ends[host] = s.emit.Begin(host, "load", "it lacks images")
		}
		s.emit.Update(host, "load", line)
	})
	for host, end := range ends {
		end(failed[host])
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var errs []error
	for _, host := range slices.Sorted(maps.Keys(failed)) {
		if !errors.Is(failed[host], engine.ErrUnreachable) {
			s.emit.Warn(host, failed[host].Error())
		}
		errs = append(errs, failed[host])
	}
	if len(errs) == len(f.Names()) {
		return errors.Join(errs...) // nobody is left to go on
	}
	return nil
}

// listenTime is how long a host is listened to: two adverts of the classic
// profile and a little.
const listenTime = 2500 * time.Millisecond

// examineHosts looks at each host of a lab.
func (s *session) examineHosts(ctx context.Context, l *topology.Lab) []preflight.Finding {
	f, ok := s.fleet()
	if !ok {
		return nil
	}
	clocks := f.Clocks(ctx)
	home, _ := f.Info(ctx) // where it is not known, it is not compared
	nodes := l.Nodes()
	lists := make([][]preflight.Finding, len(nodes))
	var all sync.WaitGroup
	for i, n := range nodes {
		all.Go(func() {
			facts := hostFacts(l, n)
			facts.Wanted = home.Arch
			if c, known := clocks[n.Name]; known {
				facts.Offset, facts.Within, facts.ClockKnown = c.Offset, c.Within, true
			}
			if why := f.Unreachable()[n.Name]; why != "" {
				facts.Error = errors.New(why)
			} else {
				s.lookAtHost(ctx, f, &facts)
			}
			lists[i] = preflight.Host(facts)
		})
	}
	all.Wait()
	return slices.Concat(lists...)
}

func hostFacts(l *topology.Lab, n topology.Node) preflight.HostFacts {
	facts := preflight.HostFacts{Node: n.Name, Endpoint: n.Endpoint, Interface: n.Interface, Address: n.Address, Lab: l.Name}
	c, _ := l.Cluster(n.Cluster)
	facts.RouterID = c.VIP.RouterID
	for _, peer := range c.Nodes {
		if peer.Name != n.Name {
			facts.Peers = append(facts.Peers, peer.Address)
		}
	}
	return facts
}

// lookAtHost asks a host's engine, and looks around there with a helper.
func (s *session) lookAtHost(ctx context.Context, f *fleet.Fleet, facts *preflight.HostFacts) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	e, err := f.Host(facts.Node)
	if err != nil {
		facts.Error = err
		return
	}
	info, err := e.Info(ctx)
	if err != nil {
		facts.Error = err
		return
	}
	facts.Arch, facts.Version, facts.API = info.Arch, info.Version, info.APIVersion
	if facts.Containers, err = e.Containers(ctx, engine.Filter{engine.LabelLab: ""}); err != nil {
		facts.Error = err
		return
	}
	images, err := e.Images(ctx, engine.Filter{"halab.image": "node"})
	if err != nil || len(images) == 0 {
		facts.NoLook = "it has no image to look with; halab up brings it"
		return
	}
	if facts.Look, err = lookFrom(ctx, e, images[0].ID, s.in.name, facts.Interface); err != nil {
		facts.NoLook = err.Error()
	}
}

// lookFrom runs the helper that looks at a host.
func lookFrom(ctx context.Context, e fleet.Engine, image, lab, netdevice string) (*agentapi.HostReply, error) {
	request, err := json.Marshal(agentapi.HostRequest{Interface: netdevice, Listen: listenTime})
	if err != nil {
		return nil, err
	}
	id, err := e.ContainerCreate(ctx, engine.ContainerSpec{
		Name: lab + "-helper-host", Image: image,
		Entrypoint: []string{agentapi.BinaryPath, "agent", agentapi.CommandHost}, Command: []string{string(request)},
		Labels:      map[string]string{engine.LabelLab: lab, engine.LabelService: "helper"},
		NetworkMode: "host", CapDrop: []string{"ALL"}, CapAdd: []string{"NET_ADMIN", "NET_RAW"},
		SecurityOpt: []string{"no-new-privileges"}, ReadOnly: true,
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_ = e.ContainerRemove(clean, id) // down finds it by its label
	}()
	if err := e.ContainerStart(ctx, id); err != nil {
		return nil, err
	}
	if _, err := e.ContainerWait(ctx, id); err != nil {
		return nil, err
	}
	var said bytes.Buffer
	err = e.Logs(ctx, id, engine.LogOptions{Tail: -1}, func(line engine.LogLine) error {
		fmt.Fprintln(&said, line.Text)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var reply agentapi.HostReply
	if err := json.Unmarshal(said.Bytes(), &reply); err != nil {
		return nil, fmt.Errorf("the helper said: %s", bytes.TrimSpace(said.Bytes()))
	}
	return &reply, nil
}
