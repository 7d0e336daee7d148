package enginetest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"halab/internal/engine"
)

// AddImage puts an image there, for tests. An image without an ID gets one.
func (e *Engine) AddImage(image engine.Image) engine.Image {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.addImage(image)
}

// addImage takes the image's tags from all others. The lock is held.
func (e *Engine) addImage(image engine.Image) engine.Image {
	if image.ID == "" {
		image.ID = "sha256:" + e.id()
	}
	for i := range image.Tags {
		image.Tags[i] = withTag(image.Tags[i])
	}
	for i := range e.images {
		e.images[i].Tags = slices.DeleteFunc(slices.Clone(e.images[i].Tags), func(tag string) bool { return slices.Contains(image.Tags, tag) })
	}
	at := slices.IndexFunc(e.images, func(other engine.Image) bool { return other.ID == image.ID })
	if at < 0 {
		e.images = append(e.images, image)
		return image
	}
	e.images[at].Tags = append(e.images[at].Tags, image.Tags...)
	return e.images[at]
}

// withTag adds the tag that a reference without one means.
func withTag(ref string) string {
	if strings.HasPrefix(ref, "sha256:") || strings.Contains(ref[strings.LastIndex(ref, "/")+1:], ":") {
		return ref
	}
	return ref + ":latest"
}

// findImage is called with the lock held.
func (e *Engine) findImage(ref string) (engine.Image, error) {
	for _, image := range e.images {
		bare := strings.TrimPrefix(image.ID, "sha256:")
		if image.ID == ref || slices.Contains(image.Tags, withTag(ref)) || len(ref) >= 12 && strings.HasPrefix(bare, ref) {
			return image, nil
		}
	}
	return engine.Image{}, notFound("image", ref)
}

// Images lists the images that match the filter.
func (e *Engine) Images(ctx context.Context, filter engine.Filter) ([]engine.Image, error) {
	if err := e.enter(ctx, Call{Method: "Images"}); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	all := []engine.Image{}
	for _, image := range e.images {
		if matches(filter, image.Labels) {
			all = append(all, image)
		}
	}
	return all, nil
}

// ImageInspect describes one image.
func (e *Engine) ImageInspect(ctx context.Context, ref string) (engine.Image, error) {
	if err := e.enter(ctx, Call{Method: "ImageInspect", Target: ref}); err != nil {
		return engine.Image{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.findImage(ref)
}

// ImageBuild reads the context to its end, asks the hook, and makes an image.
func (e *Engine) ImageBuild(ctx context.Context, spec engine.BuildSpec, progress func(string)) (string, error) {
	if err := e.enter(ctx, Call{Method: "ImageBuild", Target: strings.Join(spec.Tags, " "), Detail: spec.Dockerfile}); err != nil {
		return "", err
	}
	if progress == nil {
		progress = func(string) {}
	}
	if spec.Context != nil {
		if _, err := io.Copy(io.Discard, spec.Context); err != nil {
			return "", fmt.Errorf("build image: %w", err)
		}
	}
	if e.Hooks.Build != nil {
		if err := e.Hooks.Build(spec, progress); err != nil {
			return "", err
		}
	}
	made := e.AddImage(engine.Image{Tags: slices.Clone(spec.Tags), Labels: spec.Labels, Size: 1})
	return made.ID, nil
}

// ImageImport makes an image of a tar stream.
func (e *Engine) ImageImport(ctx context.Context, r io.Reader, ref string, labels map[string]string) (string, error) {
	if err := e.enter(ctx, Call{Method: "ImageImport", Target: ref}); err != nil {
		return "", err
	}
	size, err := io.Copy(io.Discard, r)
	if err != nil {
		return "", fmt.Errorf("import image %s: %w", ref, err)
	}
	return e.AddImage(engine.Image{Tags: []string{ref}, Labels: labels, Size: size}).ID, nil
}

// ImagePull asks the hook for an image.
func (e *Engine) ImagePull(ctx context.Context, ref string, progress func(string)) error {
	if err := e.enter(ctx, Call{Method: "ImagePull", Target: ref}); err != nil {
		return err
	}
	if e.Hooks.Pull == nil {
		return notFound("image in any registry", ref)
	}
	image, err := e.Hooks.Pull(ref)
	if err != nil {
		return err
	}
	e.AddImage(image)
	if progress != nil {
		progress("Pulled " + ref)
	}
	return nil
}

// ImageTag gives an image another name.
func (e *Engine) ImageTag(ctx context.Context, ref, tag string) error {
	if err := e.enter(ctx, Call{Method: "ImageTag", Target: ref, Detail: tag}); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	image, err := e.findImage(ref)
	if err != nil {
		return err
	}
	e.addImage(engine.Image{ID: image.ID, Tags: []string{tag}})
	return nil
}

// ImageRemove removes an image, or one of its tags.
func (e *Engine) ImageRemove(ctx context.Context, ref string) error {
	if err := e.enter(ctx, Call{Method: "ImageRemove", Target: ref}); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	image, err := e.findImage(ref)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(e.images, func(other engine.Image) bool { return other.ID == image.ID })
	if slices.Contains(image.Tags, withTag(ref)) && len(image.Tags) > 1 {
		e.images[at].Tags = slices.DeleteFunc(slices.Clone(image.Tags), func(tag string) bool { return tag == withTag(ref) })
		return nil
	}
	for _, c := range e.containers {
		if c.ImageID == image.ID {
			return conflict("image %s is used by container %s", ref, c.Name)
		}
	}
	e.images = slices.Delete(e.images, at, at+1)
	return nil
}

// ImageSave writes images in a form that ImageLoad reads; it is no tar.
func (e *Engine) ImageSave(ctx context.Context, refs []string) (io.ReadCloser, error) {
	if err := e.enter(ctx, Call{Method: "ImageSave", Target: strings.Join(refs, " ")}); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var saved []engine.Image
	for _, ref := range refs {
		image, err := e.findImage(ref)
		if err != nil {
			return nil, err
		}
		image.Tags = slices.DeleteFunc(slices.Clone(image.Tags), func(tag string) bool { return tag != withTag(ref) })
		saved = append(saved, image)
	}
	text, err := json.Marshal(saved)
	return io.NopCloser(bytes.NewReader(text)), err
}

// ImageLoad takes in what ImageSave of any such engine wrote.
func (e *Engine) ImageLoad(ctx context.Context, r io.Reader, progress func(string)) error {
	if err := e.enter(ctx, Call{Method: "ImageLoad"}); err != nil {
		return err
	}
	var saved []engine.Image
	if err := json.NewDecoder(r).Decode(&saved); err != nil {
		return fmt.Errorf("load images: %w", err)
	}
	for _, image := range saved {
		loaded := e.AddImage(image)
		if progress != nil {
			progress("Loaded image: " + strings.Join(loaded.Tags, ", "))
		}
	}
	return nil
}
