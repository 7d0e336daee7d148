package app

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"halab/internal/engine/fleet"
	"halab/internal/event"
	"halab/internal/topology"
)

// engines opens the engine, or, where the description says that the nodes are
// hosts, all of theirs as well. The topology comes with the latter.
func (w World) engines(ctx context.Context, set Setting) (Engine, *topology.Lab, error) {
	home, err := w.Open(ctx, set.Host)
	if err != nil || len(set.Files) == 0 {
		return home, nil, err
	}
	project, err := set.Load(ctx, set.AnyBase())
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
		if e, err := w.Open(ctx, n.Endpoint); err != nil {
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
		if e, err := w.Open(ctx, c.Endpoint); err != nil {
			m.Problem = err
		} else {
			m.Engine, _ = e.(fleet.Engine)
		}
		members = append(members, m)
	}
	return fleet.New(whole, members), &project.Lab, nil
}

// severalHosts is an engine that is one of several hosts.
func severalHosts(e Engine) (*fleet.Fleet, bool) {
	f, ok := e.(*fleet.Fleet)
	return f, ok
}

// clocks measures the clocks of the hosts, where nodes are hosts.
func clocks(ctx context.Context, e Engine) map[string]fleet.Clock {
	f, ok := severalHosts(e)
	if !ok {
		return nil
	}
	return f.Clocks(ctx)
}

// tellClocks says how far the hosts' clocks are off, by which what they write is
// put into order.
func tellClocks(sink event.Sink, clocks map[string]fleet.Clock) {
	for _, name := range slices.Sorted(maps.Keys(clocks)) {
		text := clocks[name].String()
		if clocks[name].Known() != 0 {
			text += "; its times are corrected by that"
		}
		sink.Info(name, text)
	}
}

// distribute brings the images to all hosts that lack them. A host that fails
// is left out; the others go on, and up says so at its end.
func distribute(ctx context.Context, s *Session, images map[string]string) error {
	f, ok := severalHosts(s.engine)
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
		f.Exclude(host, failed[host])
		errs = append(errs, failed[host])
	}
	if len(errs) == len(f.Names()) {
		return errors.Join(errs...) // nobody is left to go on
	}
	return nil
}
