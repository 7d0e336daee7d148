package fleet

import (
	"cmp"
	"context"
	"sync"

	"halab/internal/engine"
)

// Networks lists those of all engines that answer.
func (f *Fleet) Networks(ctx context.Context, filter engine.Filter) ([]engine.Network, error) {
	return gather(ctx, f, func(ctx context.Context, m *member) ([]engine.Network, error) {
		list, err := m.Engine.Networks(ctx, filter)
		for i := range list {
			list[i].ID, list[i].Endpoint = m.route(list[i].ID), m.Endpoint
		}
		return list, err
	})
}

// NetworkCreate makes a network on the engine that it names.
func (f *Fleet) NetworkCreate(ctx context.Context, n engine.Network) (string, error) {
	m, err := f.at(n.Endpoint)
	if err != nil {
		return "", err
	}
	id := ""
	err = m.bounded(ctx, m.act, func(ctx context.Context) error {
		id, err = m.Engine.NetworkCreate(ctx, n)
		return err
	})
	return m.route(id), err
}

// NetworkRemove removes a network.
func (f *Fleet) NetworkRemove(ctx context.Context, id string) error {
	return f.act(ctx, id, 0, func(ctx context.Context, e Engine, id string) error { return e.NetworkRemove(ctx, id) })
}

// Volumes lists those of all engines that answer.
func (f *Fleet) Volumes(ctx context.Context, filter engine.Filter) ([]engine.Volume, error) {
	return gather(ctx, f, func(ctx context.Context, m *member) ([]engine.Volume, error) {
		list, err := m.Engine.Volumes(ctx, filter)
		for i := range list {
			list[i].ID, list[i].Endpoint = m.route(cmp.Or(list[i].ID, list[i].Name)), m.Endpoint
		}
		return list, err
	})
}

// VolumeCreate makes a volume on the engine that it names.
func (f *Fleet) VolumeCreate(ctx context.Context, v engine.Volume) error {
	m, err := f.at(v.Endpoint)
	if err != nil {
		return err
	}
	return m.bounded(ctx, m.act, func(ctx context.Context) error { return m.Engine.VolumeCreate(ctx, v) })
}

// VolumeRemove removes a volume.
func (f *Fleet) VolumeRemove(ctx context.Context, id string) error {
	return f.act(ctx, id, 0, func(ctx context.Context, e Engine, id string) error { return e.VolumeRemove(ctx, id) })
}

// RootCgroups maps the endpoints of the hosts that answer to the root of their
// control groups, for those that have one for containers.
func (f *Fleet) RootCgroups(ctx context.Context) map[string]string {
	roots := map[string]string{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, m := range f.hosts {
		all.Go(func() {
			_ = m.look(ctx, func(ctx context.Context) error { // silence is a state of its own
				info, err := m.Engine.Info(ctx)
				if err == nil && info.RootCgroup != "" {
					mu.Lock()
					defer mu.Unlock()
					roots[m.Endpoint] = info.RootCgroup
				}
				return err
			})
		})
	}
	all.Wait()
	return roots
}

// Info describes the default engine.
func (f *Fleet) Info(ctx context.Context) (engine.Info, error) { return f.home.Engine.Info(ctx) }
