package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"halab/internal/base"
	"halab/internal/engine"
)

// images is what a Builder asks of a container engine.
type images interface {
	Images(ctx context.Context, f engine.Filter) ([]engine.Image, error)
	ImageInspect(ctx context.Context, ref string) (engine.Image, error)
	ImageBuild(ctx context.Context, spec engine.BuildSpec, progress func(line string)) (string, error)
	ImageImport(ctx context.Context, r io.Reader, ref string, labels map[string]string) (string, error)
	ImagePull(ctx context.Context, ref string, progress func(line string)) error
	ImageTag(ctx context.Context, ref, tag string) error
}

// Options says what a Builder works with.
type Options struct {
	// Files holds the folder images/.
	Files fs.FS
	// Binary is the halab binary for the images; nil: the one that is running.
	Binary func() (Binary, error)
	// RootFS is a tar file (plain, gzip, bzip2 or xz) with a root file system of
	// the Debian to build on; empty: an image or mmdebstrap.
	RootFS string
	// Progress gets what a build prints, a line at a time and one at a time.
	// image is one of Names, or "base".
	Progress func(image, line string)
	// Done is told of an image that is built, as Progress is. What a build
	// prints says nothing about its end: the classic builder says "Successfully
	// built", and pip, in the middle of it, "Successfully installed".
	Done func(image string)
	// Say gets what a user should know of how a base is had, a line at a time.
	Say func(line string)
	// Failures remembers a build that failed; nil: nothing does.
	Failures Failures
	// Bootstrap writes a base's root file system as a tar stream, made with these
	// dpkg options; nil: mmdebstrap.
	Bootstrap func(ctx context.Context, of base.Base, dpkg []string, w io.Writer, progress func(line string)) error
}

// Builder builds images on one engine.
type Builder struct {
	engine  images
	options Options
	folder  fs.FS
	binary  func() (Binary, error)
	say     func(line string)
	mu      sync.Mutex // for Progress and Done
	// offline is why the first hasty pull failed: where one image can't be had
	// in time, another is not tried.
	offline error
}

// New returns a Builder. It may be used from one goroutine.
func New(e images, o Options) (*Builder, error) {
	folder, err := fs.Sub(o.Files, "images")
	if err != nil {
		return nil, err
	}
	if o.Binary == nil {
		o.Binary = Own
	}
	if o.Say == nil {
		o.Say = func(string) {}
	}
	if o.Failures == nil {
		o.Failures = forgetful{}
	}
	if o.Bootstrap == nil {
		o.Bootstrap = mmdebstrap
	}
	return &Builder{engine: e, options: o, folder: folder, binary: sync.OnceValues(o.Binary), say: o.Say}, nil
}

// progress tells what happens to an image.
func (b *Builder) progress(image string) func(line string) {
	return func(line string) {
		if b.options.Progress == nil {
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.options.Progress(image, line)
	}
}

// Plan says which images a base needs and which of them are missing.
type Plan struct {
	Base    base.Base
	Images  []Image
	Missing map[string]string // name of the image -> why it has to be built
	retag   []Image           // there, but the moving reference is elsewhere
}

// Refs maps each image's name to its exact reference.
func (p Plan) Refs() map[string]string {
	refs := map[string]string{}
	for _, i := range p.Images {
		refs[i.Name] = i.Ref()
	}
	return refs
}

// Plan compares what is here with what is wanted. It changes nothing.
func (b *Builder) Plan(ctx context.Context, id string) (Plan, error) {
	here, err := b.here(ctx)
	if err != nil {
		return Plan{}, err
	}
	return b.plan(id, here)
}

// here maps the references of halab's own images to their IDs.
func (b *Builder) here(ctx context.Context) (map[string]string, error) {
	found, err := b.engine.Images(ctx, engine.Filter{LabelImage: ""})
	if err != nil {
		return nil, err
	}
	here := map[string]string{}
	for _, i := range found {
		for _, tag := range i.Tags {
			here[tag] = i.ID
		}
	}
	return here, nil
}

func (b *Builder) plan(id string, here map[string]string) (Plan, error) {
	of, err := base.Named(id)
	if err != nil {
		return Plan{}, err
	}
	binary, err := b.binary()
	if err != nil {
		return Plan{}, err
	}
	identity, err := b.identity(of)
	if err != nil {
		return Plan{}, err
	}
	all, err := Images(b.folder, of, identity, binary)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Base: of, Images: all, Missing: map[string]string{}}
	for _, i := range all {
		id, found := here[i.Ref()]
		_, other := here[i.Moving()]
		switch {
		case !found && other:
			p.Missing[i.Name] = "what it is built from changed"
		case !found:
			p.Missing[i.Name] = "not built yet"
		case here[i.Moving()] != id:
			p.retag = append(p.retag, i)
		}
	}
	return p, nil
}

// Ensure builds the images of a base that are missing and returns the exact
// reference of each image by name.
func (b *Builder) Ensure(ctx context.Context, id string) (map[string]string, error) {
	p, err := b.Plan(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(p.Missing) > 0 {
		from, err := b.stand(ctx, p.Base)
		if err != nil {
			return nil, err
		}
		if err := b.build(ctx, p, from); err != nil {
			return nil, err
		}
	}
	for _, i := range p.retag {
		if err := b.engine.ImageTag(ctx, i.Ref(), i.Moving()); err != nil {
			return nil, err
		}
	}
	return p.Refs(), nil
}

// build builds what is missing, all at once: most of a build is waiting for
// packages. The first failure ends the others.
func (b *Builder) build(ctx context.Context, p Plan, from string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wait sync.WaitGroup
	for _, i := range p.Images {
		if _, missing := p.Missing[i.Name]; !missing {
			continue
		}
		wait.Go(func() {
			if err := b.buildOne(ctx, i, from, p.Base.Lists); err != nil {
				cancel(fmt.Errorf("image %s: %w%s", i.Name, err, advice(p.Base)))
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}

// advice is the way out that a failed build leaves.
func advice(of base.Base) string {
	if of.ID == base.CentOS7 {
		return "\nCentOS 7's packages come from its archive on the internet; where that can't be reached, take --base " + base.Debian12
	}
	return ""
}

func (b *Builder) buildOne(ctx context.Context, i Image, from, lists string) error {
	r, w := io.Pipe()
	defer func() { _ = r.Close() }()
	go func() { _ = w.CloseWithError(i.WriteContext(w)) }() // always nil
	_, err := b.engine.ImageBuild(ctx, engine.BuildSpec{
		Tags:        []string{i.Ref(), i.Moving()},
		Dockerfile:  i.Dockerfile,
		Args:        map[string]string{"BASE": from, listsArg: lists},
		Labels:      i.labels(),
		NetworkMode: "host", // works where the engine's bridge has no way out
		Context:     r,
	}, b.progress(i.Name))
	if err == nil && b.options.Done != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.options.Done(i.Name)
	}
	return err
}

// complete says whether all images of a base are here.
func (b *Builder) complete(id string, here map[string]string) (bool, error) {
	p, err := b.plan(id, here)
	return err == nil && len(p.Missing) == 0, err
}

// found says whether the engine has an image.
func (b *Builder) found(ctx context.Context, ref string) (bool, error) {
	_, err := b.engine.ImageInspect(ctx, ref)
	if errors.Is(err, engine.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
