package enginetest

import (
	"context"
	"slices"

	"halab/internal/engine"
)

// NetworkCreate makes a network; neither its name nor its subnets may be taken.
func (e *Engine) NetworkCreate(ctx context.Context, wanted engine.Network) (string, error) {
	if err := e.enter(ctx, Call{Method: "NetworkCreate", Target: wanted.Name, Detail: wanted.Driver}); err != nil {
		return "", err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, other := range e.networks {
		if other.Name == wanted.Name {
			return "", conflict("network with name %s already exists", wanted.Name)
		}
		for _, theirs := range other.Subnets {
			for _, ours := range wanted.Subnets {
				if ours.Overlaps(theirs) {
					return "", conflict("create network %s: pool overlaps with other one on this address space (%s, of network %s)", wanted.Name, theirs, other.Name)
				}
			}
		}
	}
	if wanted.Driver == "" {
		wanted.Driver = "bridge"
	}
	wanted.ID = e.id()
	e.networks = append(e.networks, wanted)
	return wanted.ID, nil
}

// NetworkRemove removes a network that no running container is on.
func (e *Engine) NetworkRemove(ctx context.Context, id string) error {
	if err := e.enter(ctx, Call{Method: "NetworkRemove", Target: e.networkName(id)}); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	at := slices.IndexFunc(e.networks, func(n engine.Network) bool { return n.ID == id || n.Name == id })
	if at < 0 {
		return notFound("network", id)
	}
	for _, c := range e.containers {
		if c.up() && (c.spec.NetworkMode == e.networks[at].Name || c.spec.NetworkMode == e.networks[at].ID) {
			return conflict("network %s has active endpoints: %s", id, c.Name)
		}
	}
	e.networks = slices.Delete(e.networks, at, at+1)
	return nil
}

func (e *Engine) networkName(id string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, n := range e.networks {
		if n.ID == id {
			return n.Name
		}
	}
	return id
}

// Volumes lists the volumes that match the filter.
func (e *Engine) Volumes(ctx context.Context, filter engine.Filter) ([]engine.Volume, error) {
	if err := e.enter(ctx, Call{Method: "Volumes"}); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	all := []engine.Volume{}
	for _, v := range e.volumes {
		if matches(filter, v.Labels) {
			all = append(all, v)
		}
	}
	return all, nil
}

// VolumeCreate makes a volume, or leaves the one of that name as it is.
func (e *Engine) VolumeCreate(ctx context.Context, wanted engine.Volume) error {
	if err := e.enter(ctx, Call{Method: "VolumeCreate", Target: wanted.Name}); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.hasVolume(wanted.Name) {
		return nil
	}
	if wanted.Driver == "" {
		wanted.Driver = "local"
	}
	e.volumes = append(e.volumes, wanted)
	return nil
}

// VolumeRemove removes a volume that no container uses, running or not.
func (e *Engine) VolumeRemove(ctx context.Context, name string) error {
	if err := e.enter(ctx, Call{Method: "VolumeRemove", Target: name}); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.hasVolume(name) {
		return notFound("volume", name)
	}
	for _, c := range e.containers {
		if slices.ContainsFunc(c.spec.Mounts, func(m engine.Mount) bool { return m.Type == "volume" && m.Source == name }) {
			return conflict("volume %s is in use by %s", name, c.Name)
		}
	}
	e.volumes = slices.DeleteFunc(e.volumes, func(v engine.Volume) bool { return v.Name == name })
	return nil
}

// hasVolume is called with the lock held.
func (e *Engine) hasVolume(name string) bool {
	return slices.ContainsFunc(e.volumes, func(v engine.Volume) bool { return v.Name == name })
}
