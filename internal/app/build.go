package app

import "context"

// Built says which images there are now; its JSON form is public (docs/json.md).
type Built struct {
	Base   string            `json:"base"`
	Images map[string]string `json:"images"` // node, app, haproxy, keepalived -> reference
}

// Build builds the images that are missing, and starts nothing.
func (s *Session) Build(ctx context.Context) (Built, error) {
	base, err := s.images.resolve(ctx, s.Base)
	if err != nil {
		return Built{}, err
	}
	base, refs, err := s.images.ensure(ctx, s.Base, base)
	return Built{Base: base, Images: refs}, err
}

// LikelyBase says what base up would take, as far as can be told without pulling
// anything: the engine is asked, where there is one.
func (w World) LikelyBase(ctx context.Context, set Setting) string {
	if set.AnyBase() == set.Base {
		return set.Base
	}
	s, err := Open(ctx, w, set, nil)
	if err != nil {
		return set.AnyBase()
	}
	defer s.Close()
	base, err := s.images.guess(ctx, set.Base)
	if err != nil {
		return set.AnyBase()
	}
	return base
}
