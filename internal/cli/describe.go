package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"halab"
	"halab/internal/composefile"
	"halab/internal/topology"
)

// load reads the lab's description: the files of -f, or the one that is built
// in. base is resolved: not "auto".
func (p *program) load(ctx context.Context, set settings, base string) (*composefile.Project, error) {
	return composefile.Load(ctx, composefile.Options{
		Files: set.files, Embedded: halab.Files, Env: environment(),
		Name: set.name, Subnet: set.subnet, Parent: set.parent, Profile: set.profile, Base: base,
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

// described is the topology of the description, nil where it can't be read.
func (p *program) described(ctx context.Context, set settings) *topology.Lab {
	project, err := p.load(ctx, set, knownBase(set.base))
	if err != nil {
		return nil
	}
	return &project.Lab
}

// knownBase stands in for a base that is still to be resolved, where it does
// not matter which it is.
func knownBase(base string) string {
	if base == "" || base == "auto" {
		return "debian12"
	}
	return base
}

// warn tells what the description says and halab leaves out.
func (s *session) warn(project *composefile.Project) {
	for _, w := range project.Warnings {
		s.emit.Warn("", fmt.Sprint(w))
	}
}
