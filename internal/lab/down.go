package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/plan"
	"halab/internal/topology"
)

// Removed says what Down took away.
type Removed struct {
	Containers, Networks, Volumes, Images int
	Interfaces                            []string
	image                                 string          // that helpers run from
	met                                   map[string]bool // what is counted already
}

// Nothing says that there was nothing to remove.
func (r Removed) Nothing() bool {
	return r.Containers+r.Networks+r.Volumes+r.Images+len(r.Interfaces) == 0
}

// count adds what was observed, each thing once however often it is met.
func (r *Removed) count(o plan.Observed) {
	add := func(sum *int, thing string) {
		if !r.met[thing] {
			r.met[thing] = true
			*sum++
		}
	}
	for _, c := range o.Containers {
		add(&r.Containers, "container "+c.ID)
	}
	for _, n := range o.Networks {
		add(&r.Networks, "network "+n.ID)
	}
	for _, v := range o.Volumes {
		add(&r.Volumes, "volume "+v.Name)
	}
}

// downPasses bounds how often Down looks again. What a killed halab asked the
// engine for last may appear only while Down is at work, or hold a volume before
// it appears; once is the rule.
const downPasses = 5

// Down removes everything that carries the lab's label, and the lab's
// interfaces on the engine's host. It needs no description of the lab.
func (l *Lab) Down(ctx context.Context) (Removed, error) {
	r := Removed{met: map[string]bool{}}
	var failed error
	for pass := range downPasses {
		o, err := l.Observe(ctx)
		if err != nil {
			return r, err
		}
		if pass == 0 {
			l.undoOnHosts(ctx, o)
		} else if len(o.Containers)+len(o.Networks)+len(o.Volumes) == 0 {
			failed = nil
			break
		}
		failed = l.downOnce(ctx, o, &r)
		if pass == 0 {
			failed = errors.Join(failed, l.sweepHosts(context.WithoutCancel(ctx), r.image))
		}
		if failed == nil {
			continue
		}
		if pass == downPasses-1 || !errors.Is(failed, engine.ErrConflict) || Pause(ctx, changePause) != nil {
			break
		}
		l.sink.Info(l.name, "the engine still has work for it; looking again")
	}
	return r, errors.Join(failed, l.Silence("down again when that is mended"))
}

// downOnce removes what was observed and the host's interfaces.
func (l *Lab) downOnce(ctx context.Context, o plan.Observed, r *Removed) error {
	r.count(o)
	image, err := l.HelperImage(ctx, o.Containers)
	if err != nil {
		return err
	}
	r.image = image
	// A helper that somebody left at work could make an interface anew.
	if o.Containers, err = l.EndHelpers(ctx, o.Containers); err != nil {
		return err
	}
	// The interfaces go last: an engine that started between the removal of a
	// network's parent and that of the network itself would never forget it.
	if err := l.execute(ctx, plan.Remove(o), nil); err != nil {
		return err
	}
	names, err := l.hostDown(ctx, image)
	r.Interfaces = append(r.Interfaces, names...)
	return err
}

// EndHelpers removes the helpers among the containers and returns the others. A
// helper goes on when the halab that started it is killed.
func (l *Lab) EndHelpers(ctx context.Context, all []engine.Container) ([]engine.Container, error) {
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

// ownNode begins the name of the images that the helper may run from.
const ownNode = "halab/node:"

// HelperImage is the image on the lab's engine that helpers run from, by its ID;
// "" where there is none.
func (l *Lab) HelperImage(ctx context.Context, containers []engine.Container) (string, error) {
	images, err := l.engine.Images(ctx, engine.Filter{"halab.image": "node"})
	if err != nil {
		return "", err
	}
	return OwnNodeImage(images, containers), nil
}

// OwnNodeImage is the ID of an image that halab built and that has the agent, ""
// where there is none: the one that a container of the lab runs from, or any.
// Helpers are on the host's network, so none runs from an image that a
// description brought along. What a build has half done has the label already,
// and no name yet.
func OwnNodeImage(images []engine.Image, containers []engine.Container) string {
	chosen := ""
	for _, i := range images {
		if !slices.ContainsFunc(i.Tags, func(tag string) bool { return strings.HasPrefix(tag, ownNode) }) {
			continue
		}
		if slices.ContainsFunc(containers, func(c engine.Container) bool { return c.ImageID == i.ID }) {
			return i.ID
		}
		chosen = cmp.Or(chosen, i.ID)
	}
	return chosen
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
