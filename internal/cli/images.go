package cli

import (
	"context"

	"halab"
	"halab/internal/image"
)

// builder builds images on the session's engine and tells how it goes.
func (s *session) builder() (*image.Builder, error) {
	return image.New(s.engine, image.Options{
		Files: halab.Files, RootFS: s.env("HALAB_ROOTFS"),
		Progress: func(name, line string) { s.emit.Update("image "+name, "build", line) },
	})
}

// resolveBase turns the base that was asked for into one there is, and says in
// a line which and why where the choice was halab's.
func (s *session) resolveBase(ctx context.Context) (string, error) {
	b, err := s.builder()
	if err != nil {
		return "", err
	}
	choice, err := b.Resolve(ctx, s.in.base)
	if err == nil && choice.Reason != "" && s.in.base == "auto" {
		s.emit.Info("", "base "+choice.String())
	}
	return choice.Base, err
}

// ensureImages builds what is missing and returns the exact reference of each
// image.
func (s *session) ensureImages(ctx context.Context, base string) (map[string]string, error) {
	b, err := s.builder()
	if err != nil {
		return nil, err
	}
	p, err := b.Plan(ctx, base)
	if err != nil || len(p.Missing) == 0 {
		return p.Refs(), err
	}
	end := s.emit.Begin("images", "build", "for base "+base)
	refs, err := b.Ensure(ctx, base)
	end(err)
	return refs, err
}

// planImages says which references the images will have, and which of them are
// missing, each with the reason why it would be built.
func (s *session) planImages(ctx context.Context, base string) (refs, missing map[string]string, err error) {
	b, err := s.builder()
	if err != nil {
		return nil, nil, err
	}
	p, err := b.Plan(ctx, base)
	return p.Refs(), p.Missing, err
}
