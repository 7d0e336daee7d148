package cli

import (
	"context"
	"runtime/debug"

	"halab/internal/app"
	"halab/internal/event"
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

func (p *program) world() app.World {
	return app.World{Open: p.open, Env: p.env, Version: builtFrom(debug.ReadBuildInfo()).Halab}
}

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
