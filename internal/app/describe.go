package app

import (
	"context"
	"os"
	"strings"

	"halab"
	"halab/internal/base"
	"halab/internal/composefile"
	"halab/internal/topology"
)

// Load reads the lab's description: its files, or the one that is built in. base
// is resolved: not "auto".
func (set Setting) Load(ctx context.Context, base string) (*composefile.Project, error) {
	if set.Config != "" {
		o, err := set.loadOwn(ctx, base)
		return o.project, err
	}
	return set.load(ctx, base)
}

// load reads Compose files, or the description that is built in.
func (set Setting) load(ctx context.Context, base string) (*composefile.Project, error) {
	return composefile.Load(ctx, composefile.Options{
		Files: set.Files, Embedded: halab.Files, Env: environment(),
		Name: set.Name, Subnet: set.Subnet, Parent: set.Parent, Profile: set.Profile, Base: base,
	})
}

// environment is what a description's variables are taken from.
func environment() map[string]string {
	env := map[string]string{}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	return env
}

// Topology is that of the description, nil where it can't be read.
func (set Setting) Topology(ctx context.Context) *topology.Lab {
	project, err := set.Load(ctx, set.AnyBase())
	if err != nil {
		return nil
	}
	return &project.Lab
}

// AnyBase stands in for a base that is still to be resolved, where it does not
// matter which it is.
func (set Setting) AnyBase() string {
	if set.Base == "" || set.Base == base.Auto {
		return base.Debian12
	}
	return set.Base
}
