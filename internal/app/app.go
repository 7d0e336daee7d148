// Package app holds halab's use cases: everything that a person can have done to
// a lab, without flags, words and printing. The command line and the page are two
// faces of it. A use case takes a context, tells an event sink how it goes, and
// returns a value.
package app

import (
	"context"
	"io"

	"halab/internal/engine"
	"halab/internal/engine/docker"
	"halab/internal/engine/fleet"
	"halab/internal/event"
	"halab/internal/fault"
	"halab/internal/lab"
)

// Engine is a container engine as the use cases need it: what the packages below
// ask for, and a few calls of their own.
type Engine interface {
	lab.Engine
	fault.Engine
	imageMaker
	Info(ctx context.Context) (engine.Info, error)
	Close() error
}

var _ Engine = (*fleet.Fleet)(nil)

type imageMaker interface {
	Images(ctx context.Context, f engine.Filter) ([]engine.Image, error)
	ImageInspect(ctx context.Context, ref string) (engine.Image, error)
	ImageBuild(ctx context.Context, spec engine.BuildSpec, progress func(line string)) (string, error)
	ImageImport(ctx context.Context, r io.Reader, ref string, labels map[string]string) (string, error)
	ImagePull(ctx context.Context, ref string, progress func(line string)) error
	ImageTag(ctx context.Context, source, target string) error
}

// Docker opens a Docker Engine.
func Docker(ctx context.Context, host string) (Engine, error) {
	return docker.Open(ctx, host)
}

// World is what the use cases have of the machine that they run on.
type World struct {
	// Open opens the engine at an endpoint; "" is the default one.
	Open func(ctx context.Context, host string) (Engine, error)
	// Env reads a variable of the environment.
	Env func(name string) string
	// Version is halab's own, for what is measured with it.
	Version string
}

// Setting says which lab is meant, on which engine, and how it is made.
type Setting struct {
	Name, Base, Profile string
	Subnet, Parent      string
	Host                string   // endpoint of the engine
	Files               []string // Compose files; none: the lab that is built in
	Config              string   // folder with files of the user's own, which the lab then runs
}

// Session works on one lab.
type Session struct {
	Setting
	engine Engine
	lab    *lab.Lab
	emit   event.Sink // what happens, for the story
	world  World
	images *images
	power  machines // nodes that can be switched off and on
}

// Open opens the engine, or those of all hosts. The caller closes the session.
func Open(ctx context.Context, w World, set Setting, sink event.Sink) (*Session, error) {
	e, described, err := w.engines(ctx, set)
	if err != nil {
		return nil, err
	}
	s := &Session{
		Setting: set, engine: e, lab: lab.New(set.Name, e, sink), emit: sink, world: w,
		images: &images{engine: e, rootfs: w.Env("HALAB_ROOTFS"), failures: w.failedBuild(set.Host), emit: sink},
		power:  machinesOf(described),
	}
	s.lab.Expect(described)
	return s, nil
}

// Close ends the connections.
func (s *Session) Close() {
	_ = s.engine.Close() // nothing is lost with a connection that does not close
}
