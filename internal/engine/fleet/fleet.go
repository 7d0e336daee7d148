// Package fleet makes one container engine of several: the default one and, for
// each host of a lab, its own. What it returns is routed, so that whoever has an
// ID need not know which engine it is from.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"halab/internal/engine"
)

// The engines of a fleet, as it needs them.
type (
	containers interface {
		Containers(ctx context.Context, f engine.Filter) ([]engine.Container, error)
		Inspect(ctx context.Context, id string) (engine.Container, error)
		ContainerCreate(ctx context.Context, spec engine.ContainerSpec) (string, error)
		ContainerStart(ctx context.Context, id string) error
		ContainerRemove(ctx context.Context, id string) error
		ContainerWait(ctx context.Context, id string) (int, error)
	}
	control interface {
		ContainerStop(ctx context.Context, id string, grace time.Duration) error
		ContainerKill(ctx context.Context, id, signal string) error
		ContainerPause(ctx context.Context, id string) error
		ContainerUnpause(ctx context.Context, id string) error
		Exec(ctx context.Context, id string, spec engine.ExecSpec) (int, error)
		Logs(ctx context.Context, id string, o engine.LogOptions, line func(engine.LogLine) error) error
	}
	resources interface {
		Networks(ctx context.Context, f engine.Filter) ([]engine.Network, error)
		NetworkCreate(ctx context.Context, n engine.Network) (string, error)
		NetworkRemove(ctx context.Context, id string) error
		Volumes(ctx context.Context, f engine.Filter) ([]engine.Volume, error)
		VolumeCreate(ctx context.Context, v engine.Volume) error
		VolumeRemove(ctx context.Context, name string) error
	}
	images interface {
		Images(ctx context.Context, f engine.Filter) ([]engine.Image, error)
		ImageInspect(ctx context.Context, ref string) (engine.Image, error)
		ImageRemove(ctx context.Context, ref string) error
		ImageTag(ctx context.Context, source, target string) error
		ImageSave(ctx context.Context, refs []string) (io.ReadCloser, error)
		ImageLoad(ctx context.Context, r io.Reader, progress func(line string)) error
	}
	makers interface {
		ImageBuild(ctx context.Context, spec engine.BuildSpec, progress func(line string)) (string, error)
		ImageImport(ctx context.Context, r io.Reader, ref string, labels map[string]string) (string, error)
		ImagePull(ctx context.Context, ref string, progress func(line string)) error
	}
	copier interface {
		CopyTo(ctx context.Context, id, path string, tar io.Reader) error
		CopyFrom(ctx context.Context, id, path string) (io.ReadCloser, error)
	}
	observer interface {
		Info(ctx context.Context) (engine.Info, error)
		Events(ctx context.Context, f engine.Filter, ready func(), take func(engine.Event) error) error
		Close() error
	}
)

// Engine is one engine of a fleet.
type Engine interface {
	containers
	control
	resources
	images
	makers
	observer
	copier
}

// Member is one host of a fleet.
type Member struct {
	Name     string // of the node that is this host
	Endpoint string // as the description has it
	Engine   Engine // nil where it can't even be opened
	Problem  error  // why
}

// How long an engine may take. One that is silent for longer is unreachable.
const (
	// askTime bounds a look: a host that is down is a state to be shown.
	askTime = 2 * time.Second
	// sshTime is the same over ssh, where a look begins with a handshake and the
	// start of a command on the host. One that is gone is known sooner: ssh says so.
	sshTime = 20 * time.Second
	// actTime bounds what changes something.
	actTime = 45 * time.Second
	// sshActTime is the same over ssh: an emulated machine that starts four
	// containers at once was seen to take a minute for each.
	sshActTime = 3 * time.Minute
	// quietTime bounds the silence between two lines of a log that is read to
	// its end.
	quietTime = 5 * time.Second
)

// separator stands between a member's name and an ID. No engine has it in an ID
// or a name.
const separator = "/"

// member is a Member and what is known of it now.
type member struct {
	Member
	ask, act time.Duration // how long a look, and a change, may take

	mu      sync.Mutex
	failed  error // of the last look; nil: it answered
	unfit   error // why it is left out all the same
	looking bool  // a look goes on behind the scenes
	offset  time.Duration
	known   bool // the offset was measured
}

// Fleet is the default engine and the engines of hosts, as one. It is safe for
// use by several goroutines.
type Fleet struct {
	home  *member
	hosts []*member

	mu    sync.Mutex
	names map[string]*member // container name -> where it is
}

// New makes a fleet of the default engine and the hosts.
func New(home Engine, hosts []Member) *Fleet {
	f := &Fleet{home: &member{Member: Member{Engine: home}, ask: actTime, act: actTime}, names: map[string]*member{}}
	for _, h := range hosts {
		m := &member{Member: h, ask: askTime, act: actTime}
		if strings.HasPrefix(h.Endpoint, "ssh://") {
			m.ask, m.act = sshTime, sshActTime
		}
		if h.Problem != nil {
			m.Problem = notOpen{h.Problem}
			m.failed = m.wrap(m.Problem)
		}
		f.hosts = append(f.hosts, m)
	}
	return f
}

// Close closes all of its engines.
func (f *Fleet) Close() error {
	var errs []error
	for _, m := range f.all() {
		if m.Engine != nil {
			errs = append(errs, m.Engine.Close())
		}
	}
	return errors.Join(errs...)
}

func (f *Fleet) all() []*member { return append([]*member{f.home}, f.hosts...) }

// Hosts says that nodes are hosts of their own.
func (f *Fleet) Hosts() bool { return len(f.hosts) > 0 }

// Names lists the hosts, in the order of the description.
func (f *Fleet) Names() []string {
	names := make([]string, len(f.hosts))
	for i, m := range f.hosts {
		names[i] = m.Name
	}
	return names
}

// Unreachable maps each host that did not answer when it was asked last, or was
// excluded, to the reason.
func (f *Fleet) Unreachable() map[string]string {
	down := map[string]string{}
	for _, m := range f.hosts {
		if err := m.state(); err != nil {
			down[m.Name] = err.Error()
		}
	}
	return down
}

// Absent lists the endpoints of the hosts that did not answer or were excluded.
func (f *Fleet) Absent() []string {
	var list []string
	for _, m := range f.hosts {
		if m.state() != nil {
			list = append(list, m.Endpoint)
		}
	}
	return list
}

// Exclude leaves a host out from now on, for a reason that Unreachable gives.
func (f *Fleet) Exclude(name string, why error) {
	for _, m := range f.hosts {
		if m.Name == name {
			m.mu.Lock()
			m.unfit = why
			m.mu.Unlock()
		}
	}
}

// Lost is why a host did not answer when it was asked last, or was excluded; nil
// where it takes part.
func (f *Fleet) Lost(name string) error {
	for _, m := range f.hosts {
		if m.Name == name {
			return m.state()
		}
	}
	return nil
}

// Host is the engine of one host alone, by its name.
func (f *Fleet) Host(name string) (Engine, error) {
	for _, m := range f.hosts {
		if m.Name == name {
			if m.Engine == nil {
				return nil, m.wrap(m.Problem)
			}
			return m.Engine, nil
		}
	}
	return nil, fmt.Errorf("no host is called %q", name)
}

// at finds the member with an endpoint.
func (f *Fleet) at(endpoint string) (*member, error) {
	if endpoint == "" {
		return f.home, nil
	}
	for _, m := range f.hosts {
		if m.Endpoint == endpoint {
			if m.Engine == nil {
				return nil, m.wrap(m.Problem)
			}
			return m, nil
		}
	}
	return nil, fmt.Errorf("no host of the lab has the endpoint %s", endpoint)
}

// of finds the member that an ID or a name is from, and what that calls it.
func (f *Fleet) of(id string) (*member, string) {
	if name, rest, routed := strings.Cut(id, separator); routed {
		for _, m := range f.hosts {
			if m.Name == name && m.Engine != nil {
				return m, rest
			}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if m, found := f.names[id]; found {
		return m, id
	}
	return f.home, id
}

// route makes an ID that finds its way back.
func (m *member) route(id string) string {
	if m.Name == "" || id == "" {
		return id
	}
	return m.Name + separator + id
}

func (f *Fleet) remember(name string, m *member) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.names[name] = m
}
