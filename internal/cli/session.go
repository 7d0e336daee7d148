package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"halab/internal/app"
	"halab/internal/event"
	"halab/internal/lab"
	"halab/internal/ui"
)

// session is one command at work: a use case, and where its words go.
type session struct {
	*program
	*app.Session
	in    *input
	out   ui.Terminal // answers
	err   ui.Terminal // the story
	story *story
}

// session opens the engine. The caller closes it.
func (p *program) session(ctx context.Context, in *input) (*session, error) {
	s := p.offline(in)
	var err error
	s.Session, err = app.Open(ctx, p.world(), in.Setting, s.tell)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// offline is a session that has no engine, for commands that need none.
func (p *program) offline(in *input) *session {
	return &session{
		program: p, in: in,
		out: ui.NewTerminal(p.stdout, in.colour, p.env),
		err: ui.NewTerminal(p.stderr, in.colour, p.env), story: &story{},
	}
}

func (p *program) world() app.World { return app.World{Open: p.open, Env: p.env} }

// tell is the sink of the story; the display begins with the first event.
func (s *session) tell(e event.Event) {
	s.story.get(s.err, s.in.settings).Send(e)
}

func (s *session) close() {
	s.story.end()
	s.Close()
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
	st, err := s.Lab.Status(ctx)
	if err != nil {
		return nil, err
	}
	if len(st.Clusters) == 0 {
		return nil, s.notUp()
	}
	return st, nil
}

func (s *session) notUp() error {
	return fmt.Errorf("lab %s is not up: the engine has none of its nodes\n  bring it up:  halab up", s.Name)
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
