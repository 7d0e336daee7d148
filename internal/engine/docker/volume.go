package docker

import (
	"context"

	"github.com/docker/docker/api/types/volume"

	"halab/internal/engine"
)

// Volumes lists the volumes that match the filter.
func (e *Engine) Volumes(ctx context.Context, filter engine.Filter) ([]engine.Volume, error) {
	if err := e.ready(ctx); err != nil {
		return nil, err
	}
	found, err := e.api.VolumeList(ctx, volume.ListOptions{Filters: labels(filter)})
	if err != nil {
		return nil, e.fail("list volumes", err)
	}
	all := make([]engine.Volume, 0, len(found.Volumes))
	for _, v := range found.Volumes {
		all = append(all, engine.Volume{Name: v.Name, Driver: v.Driver, Options: v.Options, Labels: v.Labels})
	}
	return all, nil
}

// VolumeCreate makes a volume. One of the same name and driver is left as it
// is, whatever its labels and options.
func (e *Engine) VolumeCreate(ctx context.Context, wanted engine.Volume) error {
	if err := e.ready(ctx); err != nil {
		return err
	}
	_, err := e.api.VolumeCreate(ctx, volume.CreateOptions{
		Name: wanted.Name, Driver: wanted.Driver, DriverOpts: wanted.Options, Labels: wanted.Labels,
	})
	return e.fail("create volume "+wanted.Name, err)
}

// VolumeRemove removes a volume. One that a container uses is an
// engine.ErrConflict.
func (e *Engine) VolumeRemove(ctx context.Context, name string) error {
	if err := e.ready(ctx); err != nil {
		return err
	}
	return e.fail("remove volume "+name, e.api.VolumeRemove(ctx, name, false))
}
