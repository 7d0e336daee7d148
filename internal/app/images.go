package app

import (
	"context"
	"errors"
	"maps"
	"sync"

	"halab"
	"halab/internal/base"
	"halab/internal/event"
	"halab/internal/image"
)

// images builds images on an engine and tells how far it is. A session has one:
// it remembers what it read and what can't be pulled.
type images struct {
	engine imageMaker
	rootfs string // archive of a root file system to build from; "": none
	emit   event.Sink
	// failures remembers a build that failed, from one halab to the next.
	failures image.Failures

	mu      sync.Mutex // one use at a time
	builder *image.Builder
	told    *buildStory
}

// open makes the builder, once. The lock is held.
func (i *images) open() (*image.Builder, *buildStory, error) {
	if i.builder != nil {
		return i.builder, i.told, nil
	}
	told := &buildStory{emit: i.emit, ends: map[string]func(error){}}
	b, err := image.New(i.engine, image.Options{
		Files: halab.Files, RootFS: i.rootfs, Progress: told.progress, Done: told.done, Failures: i.failures,
		Say: func(line string) {
			told.end(errGivenUp) // what was begun: CentOS 7's images, or a pull
			i.emit.Warn("", line)
		},
	})
	if err == nil {
		i.builder, i.told = b, told
	}
	return b, told, err
}

var errGivenUp = errors.New("given up")

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

// resolve turns the base that is asked for into one there is, and says in a line
// which and why where the choice was halab's.
func (i *images) resolve(ctx context.Context, want string) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	b, told, err := i.open()
	if err != nil {
		return "", err
	}
	choice, err := b.Resolve(ctx, want)
	told.end(err)
	if err == nil && choice.Reason != "" && want == base.Auto {
		i.emit.Info("", "base "+choice.String())
	}
	return choice.Base, err
}

// guess is the base that a lab would get now, without pulling or building.
func (i *images) guess(ctx context.Context, base string) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	b, _, err := i.open()
	if err != nil {
		return "", err
	}
	choice, err := b.Guess(ctx, base)
	return choice.Base, err
}

// ensure builds what is missing for the base that resolve gave for what was asked
// for, and returns the exact reference of each image: of another base where
// that one can't be built and halab may choose.
func (i *images) ensure(ctx context.Context, want, id string) (string, map[string]string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	b, told, err := i.open()
	if err != nil {
		return "", nil, err
	}
	id, refs, err := b.EnsureAny(ctx, want, id)
	told.end(err)
	return id, refs, err
}

// plan says which references the images will have, and which of them are
// missing, each with the reason why it would be built.
func (i *images) plan(ctx context.Context, base string) (refs, missing map[string]string, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	b, _, err := i.open()
	if err != nil {
		return nil, nil, err
	}
	p, err := b.Plan(ctx, base)
	if err != nil {
		return nil, nil, err
	}
	return p.Refs(), maps.Clone(p.Missing), nil
}
