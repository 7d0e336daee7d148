package cli

import (
	"context"
	"maps"

	"halab"
	"halab/internal/event"
	"halab/internal/image"
)

// builder builds images on the session's engine and tells how far it is. A
// session has one: it remembers what it read and what can't be pulled.
func (s *session) builder() (*image.Builder, *buildStory, error) {
	if s.images != nil {
		return s.images, s.built, nil
	}
	told := &buildStory{emit: s.emit, ends: map[string]func(error){}}
	b, err := image.New(s.engine, image.Options{
		Files: halab.Files, RootFS: s.env("HALAB_ROOTFS"), Progress: told.progress, Done: told.done,
	})
	if err == nil {
		s.images, s.built = b, told
	}
	return b, told, err
}

// buildStory makes events of what builds print: an image's first line begins
// its build. Its calls come one at a time.
type buildStory struct {
	emit event.Sink
	ends map[string]func(error)
}

func (b *buildStory) progress(image, line string) {
	if b.ends[image] == nil {
		b.begin(image, line)
		return
	}
	b.emit.Update(image, "build", line)
}

// done ends an image's build.
func (b *buildStory) done(image string) {
	if end := b.ends[image]; end != nil {
		end(nil)
		delete(b.ends, image)
	}
}

// begin begins an image's build. The others stand on the base, so that is done
// when one of them begins.
func (b *buildStory) begin(image, line string) {
	b.done("base")
	b.ends[image] = b.emit.Begin(image, "build", line)
}

// end ends what was begun. Who fails says so himself.
func (b *buildStory) end(err error) {
	for name, end := range b.ends {
		if err == nil {
			end(nil)
		} else {
			b.emit.Update(name, "build", "given up")
		}
	}
	clear(b.ends)
}

// resolveBase turns the base that was asked for into one there is, and says in
// a line which and why where the choice was halab's.
func (s *session) resolveBase(ctx context.Context) (string, error) {
	b, told, err := s.builder()
	if err != nil {
		return "", err
	}
	choice, err := b.Resolve(ctx, s.in.base)
	told.end(err)
	if err == nil && choice.Reason != "" && s.in.base == image.Auto {
		s.emit.Info("", "base "+choice.String())
	}
	return choice.Base, err
}

// guessBase is the base that a lab would get now, without pulling or building.
func (s *session) guessBase(ctx context.Context) (string, error) {
	b, _, err := s.builder()
	if err != nil {
		return "", err
	}
	choice, err := b.Guess(ctx, s.in.base)
	return choice.Base, err
}

// ensureImages builds what is missing and returns the exact reference of each
// image.
func (s *session) ensureImages(ctx context.Context, base string) (map[string]string, error) {
	b, told, err := s.builder()
	if err != nil {
		return nil, err
	}
	refs, err := b.Ensure(ctx, base)
	told.end(err)
	return refs, err
}

// planImages says which references the images will have, and which of them are
// missing, each with the reason why it would be built.
func (s *session) planImages(ctx context.Context, base string) (refs, missing map[string]string, err error) {
	b, _, err := s.builder()
	if err != nil {
		return nil, nil, err
	}
	p, err := b.Plan(ctx, base)
	if err != nil {
		return nil, nil, err
	}
	return p.Refs(), maps.Clone(p.Missing), nil
}
