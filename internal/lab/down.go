package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/plan"
)

// Interfaces names what halab makes on the engine's host for a lab.
type Interfaces struct{ Parent, Peer, Leg string }

// maxInterface is the longest name the kernel takes for an interface
// (IFNAMSIZ − 1, netdevice(7)).
const maxInterface = 15

// InterfaceNames derives the names of a lab's interfaces from its own name.
func InterfaceNames(lab string) Interfaces {
	stem := lab
	if len(stem)+2 > maxInterface {
		sum := plan.ConfigHash(engine.ContainerSpec{Name: lab})
		stem = stem[:maxInterface-2-5] + "-" + sum[:4]
	}
	return Interfaces{Parent: stem + "0", Peer: stem + "0p", Leg: stem + "0h"}
}

// Removed says what Down took away.
type Removed struct {
	Containers, Networks, Volumes, Images int
	Interfaces                            []string
}

// Nothing says that there was nothing to remove.
func (r Removed) Nothing() bool {
	return r.Containers+r.Networks+r.Volumes+r.Images+len(r.Interfaces) == 0
}

// Down removes everything that carries the lab's label, and the lab's
// interfaces on the engine's host. It needs no description of the lab.
func (l *Lab) Down(ctx context.Context) (Removed, error) {
	var r Removed
	o, err := l.Observe(ctx)
	if err != nil {
		return r, err
	}
	r.Containers, r.Networks, r.Volumes = len(o.Containers), len(o.Networks), len(o.Volumes)
	p := plan.Remove(o)
	// The interfaces can go while the containers do: the kernel takes the
	// macvlan children of a parent with it.
	g := newGroup(ctx, 2)
	var objects, host error
	g.run(func(ctx context.Context) error { objects = l.execute(ctx, p, nil); return nil })
	g.run(func(ctx context.Context) error { r.Interfaces, host = l.hostDown(ctx, o); return nil })
	_ = g.wait() // both report through their own variables, so that one failing does not stop the other
	return r, errors.Join(objects, host)
}

// hostDown removes the interfaces. With no image to run the helper from there
// can be no interfaces either, unless somebody removed the images first.
func (l *Lab) hostDown(ctx context.Context, o plan.Observed) ([]string, error) {
	image, err := l.helperImage(ctx, o)
	if err != nil || image == "" {
		return nil, err
	}
	names := InterfaceNames(l.name)
	return l.HostDown(ctx, image, agentapi.NetworkRequest{
		Lab: l.name, Parent: names.Parent, Peer: names.Peer, Leg: names.Leg,
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
	if err != nil || len(images) == 0 {
		return "", err
	}
	return images[0].ID, nil
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
