package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"halab/internal/engine"
	"halab/internal/engine/docker"
	"halab/internal/engine/fleet"
	"halab/internal/event"
	"halab/internal/fault"
	"halab/internal/image"
	"halab/internal/lab"
	"halab/internal/ui"
)

// engineAPI is a container engine as the commands need it: what the packages
// below ask for, and a few calls of their own.
type engineAPI interface {
	lab.Engine
	fault.Engine
	watcher
	imageMaker
	Close() error
}

var _ engineAPI = (*fleet.Fleet)(nil)

type imageMaker interface {
	ImageInspect(ctx context.Context, ref string) (engine.Image, error)
	ImageBuild(ctx context.Context, spec engine.BuildSpec, progress func(line string)) (string, error)
	ImageImport(ctx context.Context, r io.Reader, ref string, labels map[string]string) (string, error)
	ImagePull(ctx context.Context, ref string, progress func(line string)) error
	ImageTag(ctx context.Context, source, target string) error
}

type watcher interface {
	Info(ctx context.Context) (engine.Info, error)
	Events(ctx context.Context, f engine.Filter, take func(engine.Event) error) error
}

func openEngine(ctx context.Context, host string) (engineAPI, error) {
	return docker.Open(ctx, host)
}

// session is one command at work on one engine.
type session struct {
	*program
	in     *input
	engine engineAPI
	lab    *lab.Lab
	out    ui.Terminal // answers
	err    ui.Terminal // the story
	story  *story
	images *image.Builder // of builder
	built  *buildStory
	emit   event.Sink // what happens, for the story
	power  machines   // nodes that can be switched off and on
}

// session opens the engine. The caller closes it.
func (p *program) session(ctx context.Context, in *input) (*session, error) {
	e, described, err := p.engines(ctx, in)
	if err != nil {
		return nil, err
	}
	s := &session{
		program: p, in: in, engine: e,
		out: ui.NewTerminal(p.stdout, in.colour, p.env),
		err: ui.NewTerminal(p.stderr, in.colour, p.env), story: &story{},
		power: machinesOf(described),
	}
	s.emit = s.tell
	s.lab = lab.New(in.name, e, s.emit)
	s.lab.Expect(described)
	return s, nil
}

// tell is the sink of the story; the display begins with the first event.
func (s *session) tell(e event.Event) {
	s.story.get(s.err, s.in.settings).Send(e)
}

func (s *session) close() {
	s.story.end()
	_ = s.engine.Close() // nothing is lost with a connection that does not close
}

// answer writes a value as JSON where that is wanted, otherwise as text.
func (s *session) answer(v any, text func() error) error {
	s.story.end()
	if s.in.json {
		return ui.WriteJSON(s.stdout, v)
	}
	return text()
}

// status reads the lab, which must be there.
func (s *session) status(ctx context.Context) (*lab.Status, error) {
	st, err := s.lab.Status(ctx)
	if err != nil {
		return nil, err
	}
	if len(st.Clusters) == 0 {
		return nil, s.notUp()
	}
	return st, nil
}

func (s *session) notUp() error {
	return fmt.Errorf("lab %s is not up: the engine has none of its nodes\n  bring it up:  halab up", s.in.name)
}

// errPatience says that a wait took too long.
var errPatience = errors.New("patience ran out")

// every calls look at once and then again and again until it says true, ctx
// ends or patience runs out, which is false.
func every(ctx context.Context, interval, patience time.Duration, look func() (bool, error)) (bool, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errPatience)
	defer cancel()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if done, err := look(); done || err != nil {
			return done, err
		}
		select {
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errPatience) {
				return false, nil
			}
			return false, ctx.Err()
		case <-tick.C:
		}
	}
}
