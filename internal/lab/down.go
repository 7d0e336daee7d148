package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/plan"
	"halab/internal/topology"
)

// Removed says what Down took away.
type Removed struct {
	Containers, Networks, Volumes, Images int
	Interfaces                            []string
}

// Nothing says that there was nothing to remove.
func (r Removed) Nothing() bool {
	return r.Containers+r.Networks+r.Volumes+r.Images+len(r.Interfaces) == 0
}

// downPasses bounds how often Down looks again. What a killed halab asked the
// engine for last may appear only while Down is at work; once is the rule.
const downPasses = 5

// Down removes everything that carries the lab's label, and the lab's
// interfaces on the engine's host. It needs no description of the lab.
func (l *Lab) Down(ctx context.Context) (Removed, error) {
	var r Removed
	for pass := range downPasses {
		o, err := l.Observe(ctx)
		if err != nil {
			return r, err
		}
		if pass > 0 && len(o.Containers)+len(o.Networks)+len(o.Volumes) == 0 {
			break
		}
		if err := l.downOnce(ctx, o, &r); err != nil {
			return r, err
		}
	}
	return r, l.silence("down again when it does")
}

// downOnce removes what was observed and the host's interfaces.
func (l *Lab) downOnce(ctx context.Context, o plan.Observed, r *Removed) error {
	r.Containers += len(o.Containers)
	r.Networks += len(o.Networks)
	r.Volumes += len(o.Volumes)
	image, err := l.helperImage(ctx, o)
	if err != nil {
		return err
	}
	// A helper that somebody left at work could make an interface anew.
	if o.Containers, err = l.removeHelpers(ctx, o.Containers); err != nil {
		return err
	}
	// The interfaces can go while the containers do: the kernel takes the
	// macvlan children of a parent with it.
	g := newGroup(ctx, 2)
	var objects, host error
	g.run(func(ctx context.Context) error { objects = l.execute(ctx, plan.Remove(o), nil); return nil })
	g.run(func(ctx context.Context) error {
		var names []string
		names, host = l.hostDown(ctx, image)
		r.Interfaces = append(r.Interfaces, names...)
		return nil
	})
	_ = g.wait() // both report through their own variables, so that one failing does not stop the other
	return errors.Join(objects, host)
}

// removeHelpers removes the helpers among the containers and returns the others.
func (l *Lab) removeHelpers(ctx context.Context, all []engine.Container) ([]engine.Container, error) {
	var others []engine.Container
	for _, c := range all {
		if c.Labels[engine.LabelService] != helperService {
			others = append(others, c)
			continue
		}
		if err := gone(l.engine.ContainerRemove(ctx, c.ID)); err != nil {
			return others, fmt.Errorf("remove %s, which an interrupted halab left behind: %w", c.Name, err)
		}
	}
	return others, nil
}

// hostDown removes the interfaces. With no image to run the helper from there
// can be no interfaces either, unless somebody removed the images first.
func (l *Lab) hostDown(ctx context.Context, image string) ([]string, error) {
	if _, hosts := l.fleet(); hosts || image == "" {
		return nil, nil // hosts keep their interfaces as they are
	}
	t := topology.Lab{Name: l.name}
	return l.HostDown(ctx, image, agentapi.NetworkRequest{
		Lab: l.name, Parent: topology.OwnParent(l.name), Peer: t.Peer(), Leg: t.Leg(),
	})
}

// helperImage picks an image that has the agent: the one the lab's nodes run
// from, or any node image that is there.
func (l *Lab) helperImage(ctx context.Context, o plan.Observed) (string, error) {
	for _, c := range o.Containers {
		if s := c.Labels[engine.LabelService]; s == "node" || s == "client" {
			return c.ImageID, nil
		}
	}
	images, err := l.engine.Images(ctx, engine.Filter{"halab.image": "node"})
	if err != nil {
		return "", err
	}
	// What a build has half done has the label already, and no name yet.
	at := slices.IndexFunc(images, func(i engine.Image) bool { return len(i.Tags) > 0 })
	if at < 0 {
		return "", nil
	}
	return images[at].ID, nil
}

// RemoveImages removes every image that halab built, but for those that
// containers of another lab use. The base root file systems go last: the others
// stand on them.
func (l *Lab) RemoveImages(ctx context.Context) (int, error) {
	images, err := l.engine.Images(ctx, engine.Filter{"halab.image": ""})
	if err != nil {
		return 0, err
	}
	slices.SortStableFunc(images, func(a, b engine.Image) int { return base(a) - base(b) })
	removed := 0
	var kept []error
	for _, image := range images {
		if err := l.removeImage(ctx, image); err != nil {
			kept = append(kept, err)
			continue
		}
		removed++
	}
	return removed, errors.Join(kept...)
}

func base(i engine.Image) int {
	if i.Labels["halab.image"] == "base" {
		return 1
	}
	return 0
}

func (l *Lab) removeImage(ctx context.Context, image engine.Image) error {
	refs := image.Tags
	if len(refs) == 0 {
		refs = []string{image.ID}
	}
	for _, ref := range refs {
		end := l.sink.Begin(ref, "remove", "")
		err := gone(l.engine.ImageRemove(ctx, ref))
		end(err)
		if err != nil {
			return fmt.Errorf("remove image %s: %w", ref, err)
		}
	}
	return nil
}
