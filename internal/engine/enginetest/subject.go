package enginetest

import (
	"context"
	"io"
	"time"

	"halab/internal/engine"
)

// Subject is an engine under test: everything an adapter has. Code under test
// asks for far less.
type Subject interface {
	lifecycle
	control
	inside
	networking
	storage
	images
	transport
}

type lifecycle interface {
	Containers(ctx context.Context, filter engine.Filter) ([]engine.Container, error)
	Inspect(ctx context.Context, id string) (engine.Container, error)
	ContainerCreate(ctx context.Context, spec engine.ContainerSpec) (string, error)
	ContainerStart(ctx context.Context, id string) error
	ContainerRemove(ctx context.Context, id string) error
	ContainerWait(ctx context.Context, id string) (int, error)
}

type control interface {
	ContainerStop(ctx context.Context, id string, grace time.Duration) error
	ContainerKill(ctx context.Context, id, signal string) error
	ContainerPause(ctx context.Context, id string) error
	ContainerUnpause(ctx context.Context, id string) error
	Events(ctx context.Context, filter engine.Filter, ready func(), take func(engine.Event) error) error
	Info(ctx context.Context) (engine.Info, error)
}

type inside interface {
	Exec(ctx context.Context, id string, spec engine.ExecSpec) (int, error)
	Logs(ctx context.Context, id string, options engine.LogOptions, take func(engine.LogLine) error) error
	CopyTo(ctx context.Context, id, path string, tar io.Reader) error
	CopyFrom(ctx context.Context, id, path string) (io.ReadCloser, error)
}

type networking interface {
	Networks(ctx context.Context, filter engine.Filter) ([]engine.Network, error)
	NetworkCreate(ctx context.Context, wanted engine.Network) (string, error)
	NetworkRemove(ctx context.Context, id string) error
}

type storage interface {
	Volumes(ctx context.Context, filter engine.Filter) ([]engine.Volume, error)
	VolumeCreate(ctx context.Context, wanted engine.Volume) error
	VolumeRemove(ctx context.Context, name string) error
}

type images interface {
	Images(ctx context.Context, filter engine.Filter) ([]engine.Image, error)
	ImageInspect(ctx context.Context, ref string) (engine.Image, error)
	ImageBuild(ctx context.Context, spec engine.BuildSpec, progress func(line string)) (string, error)
	ImageImport(ctx context.Context, r io.Reader, ref string, labels map[string]string) (string, error)
	ImageTag(ctx context.Context, ref, tag string) error
	ImageRemove(ctx context.Context, ref string) error
}

type transport interface {
	ImagePull(ctx context.Context, ref string, progress func(line string)) error
	ImageSave(ctx context.Context, refs []string) (io.ReadCloser, error)
	ImageLoad(ctx context.Context, r io.Reader, progress func(line string)) error
	Close() error
}

// The engine in memory has it all.
var _ Subject = (*Engine)(nil)
