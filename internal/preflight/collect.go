package preflight

import (
	"context"
	"os/exec"

	"golang.org/x/sync/errgroup"

	"halab/internal/engine"
)

// Engine is what is asked of a container engine.
type Engine interface {
	Info(ctx context.Context) (engine.Info, error)
	Networks(ctx context.Context, f engine.Filter) ([]engine.Network, error)
	Containers(ctx context.Context, f engine.Filter) ([]engine.Container, error)
	Volumes(ctx context.Context, f engine.Filter) ([]engine.Volume, error)
	Images(ctx context.Context, f engine.Filter) ([]engine.Image, error)
}

// Collect fills in what wanted leaves open: it looks at the engine, and, where
// that is on this machine, at the host. local says that the endpoint is a
// socket of this machine. An engine that can't be used is a fact, not an error.
func Collect(ctx context.Context, e Engine, local bool, wanted Facts) Facts {
	f := wanted
	f.Free = -1
	var images []engine.Image
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { f.Engine, err = e.Info(ctx); return err })
	g.Go(func() (err error) { f.Networks, err = e.Networks(ctx, nil); return err })
	g.Go(func() (err error) { f.Volumes, err = e.Volumes(ctx, nil); return err })
	g.Go(func() error {
		all, err := e.Containers(ctx, nil)
		for _, c := range all {
			if c.Labels[engine.LabelLab] == f.Lab {
				f.Containers = append(f.Containers, c)
			} else {
				f.Others = append(f.Others, c)
			}
		}
		return err
	})
	g.Go(func() (err error) { images, err = e.Images(ctx, nil); return err })
	var h host
	if local {
		g.Go(func() error { h = lookAround(); return nil })
	}
	if f.EngineError = g.Wait(); f.EngineError != nil {
		return f
	}
	for _, i := range images {
		f.Images = append(f.Images, i.Tags...)
	}
	_, err := exec.LookPath("mmdebstrap")
	f.Mmdebstrap = err == nil
	// A socket may lead to another machine (a virtual one, say): the host name
	// tells.
	if f.Local = local && h.name == f.Engine.Name; f.Local {
		f.Interfaces, f.Routes, f.Macvlan = h.interfaces, h.routes, h.macvlan
		f.AppArmor, f.Parser = h.apparmor, h.parser
		f.LearnNamespace(f.namespace())
		f.Free = free(f.Engine.DataRoot)
	}
	return f
}
