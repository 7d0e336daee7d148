package docker

import (
	"context"
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"

	"halab/internal/engine"
)

// untagged is what older engines call an image without a tag.
const untagged = "<none>:<none>"

// Images lists the images that match the filter, without the steps of builds.
func (e *Engine) Images(ctx context.Context, filter engine.Filter) ([]engine.Image, error) {
	if err := e.ready(ctx); err != nil {
		return nil, err
	}
	found, err := e.api.ImageList(ctx, image.ListOptions{Filters: labels(filter)})
	if err != nil {
		return nil, e.fail("list images", err)
	}
	all := make([]engine.Image, 0, len(found))
	for _, i := range found {
		all = append(all, engine.Image{ID: i.ID, Tags: tags(i.RepoTags), Labels: i.Labels, Size: i.Size})
	}
	return all, nil
}

func tags(found []string) []string {
	var all []string
	for _, tag := range found {
		if tag != untagged {
			all = append(all, tag)
		}
	}
	return all
}

// ImageInspect describes one image, by reference or ID.
func (e *Engine) ImageInspect(ctx context.Context, ref string) (engine.Image, error) {
	if err := e.ready(ctx); err != nil {
		return engine.Image{}, err
	}
	found, err := e.api.ImageInspect(ctx, ref)
	if err != nil {
		return engine.Image{}, e.fail("inspect image "+ref, err)
	}
	ours := engine.Image{ID: found.ID, Tags: tags(found.RepoTags), Size: found.Size}
	if found.Config != nil {
		ours.Labels = found.Config.Labels
	}
	return ours, nil
}

// ImageTag gives an image another name.
func (e *Engine) ImageTag(ctx context.Context, ref, tag string) error {
	if err := e.ready(ctx); err != nil {
		return err
	}
	return e.fail("tag image "+ref, e.api.ImageTag(ctx, ref, tag))
}

// ImageRemove removes an image and what only it needs. A tag is taken away from
// an image that has others; an ID removes the image with all its tags.
func (e *Engine) ImageRemove(ctx context.Context, ref string) error {
	if err := e.ready(ctx); err != nil {
		return err
	}
	byID := strings.HasPrefix(ref, "sha256:")
	_, err := e.api.ImageRemove(ctx, ref, image.RemoveOptions{Force: byID, PruneChildren: true})
	return e.fail("remove image "+ref, err)
}

// ImageSave returns images, by reference or ID, as one tar stream, which the
// caller closes. Only what is named by a reference keeps its name in it.
func (e *Engine) ImageSave(ctx context.Context, refs []string) (io.ReadCloser, error) {
	if err := e.ready(ctx); err != nil {
		return nil, err
	}
	saved, err := e.api.ImageSave(ctx, refs)
	if err != nil {
		return nil, e.fail("save images "+strings.Join(refs, ", "), err)
	}
	return saved, nil
}

// ImageLoad takes in what ImageSave gave.
func (e *Engine) ImageLoad(ctx context.Context, r io.Reader, progress func(line string)) error {
	if err := e.ready(ctx); err != nil {
		return err
	}
	answer, err := e.api.ImageLoad(ctx, r, client.ImageLoadWithQuiet(false))
	if err == nil {
		defer func() { _ = answer.Body.Close() }()
		err = follow(ctx, answer.Body, &transfer{progress: progress})
	}
	return e.fail("load images", err)
}

// ImagePull fetches a public image from its registry.
func (e *Engine) ImagePull(ctx context.Context, ref string, progress func(line string)) error {
	if err := e.ready(ctx); err != nil {
		return err
	}
	body, err := e.api.ImagePull(ctx, ref, image.PullOptions{})
	if err == nil {
		defer func() { _ = body.Close() }()
		err = follow(ctx, body, &transfer{progress: progress})
	}
	return e.fail("pull image "+ref, err)
}

// ImageImport makes an image of one layer from a tar stream (plain, gzip, bzip2
// or xz), names it ref and returns its ID.
func (e *Engine) ImageImport(ctx context.Context, r io.Reader, ref string, labels map[string]string) (string, error) {
	if err := e.ready(ctx); err != nil {
		return "", err
	}
	body, err := e.api.ImageImport(ctx, image.ImportSource{Source: r, SourceName: "-"}, ref,
		image.ImportOptions{Changes: labelChanges(labels)})
	if err != nil {
		return "", e.fail("import image "+ref, err)
	}
	defer func() { _ = body.Close() }()
	answer := &transfer{}
	if err := follow(ctx, body, answer); err != nil {
		return "", e.fail("import image "+ref, err)
	}
	if !strings.HasPrefix(answer.last, "sha256:") {
		return "", fmt.Errorf("import image %s: the engine gave no ID but %q", ref, answer.last)
	}
	return answer.last, nil
}

// labelChanges writes labels as the Dockerfile instructions that an import
// takes, quoted so that a value is never read as anything else.
func labelChanges(labels map[string]string) []string {
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "\n", " ")
	all := make([]string, 0, len(labels))
	for label, value := range labels {
		all = append(all, fmt.Sprintf(`LABEL "%s"="%s"`, quote.Replace(label), quote.Replace(value)))
	}
	sort.Strings(all)
	return all
}
