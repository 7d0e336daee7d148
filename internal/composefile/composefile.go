// Package composefile turns a Compose file with an x-halab section into a lab:
// its topology, and the containers, networks and volumes to make, in halab's
// own words. Loading, merging and interpolation are compose-go's, as Compose
// does them; this package is its only importer.
//
// It reports every problem of a description at once, with its place.
package composefile

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"halab/internal/engine"
	"halab/internal/problem"
	"halab/internal/topology"
)

// EmbeddedPath is where Options.Embedded has the lab's own description.
const EmbeddedPath = "compose/compose.yaml"

// Options say what to load and how to set its variables. An empty field leaves
// the choice to the environment, and then to the file's own default.
type Options struct {
	Files    []string          // paths, merged in order; none: the embedded description
	Embedded fs.FS             // holds EmbeddedPath
	Env      map[string]string // the environment that variables are taken from
	Name     string            // of the lab
	Subnet   string            // IPv4 /24, "10.1.2.0/24"; moves all addresses and MAC addresses
	Parent   string            // host interface under the lab's network
	Profile  string            // fast or classic
	Base     string            // base family of the images, resolved: not "auto"
}

// Project is a description, converted.
type Project struct {
	Lab        topology.Lab
	Containers []Wanted // nodes and their services in the lab's order, then the rest by name
	Networks   []engine.Network
	Volumes    []engine.Volume
	Warnings   problem.List // what the description says and halab leaves out
}

// Wanted is a container to make.
type Wanted struct {
	Service   string // Compose service name
	Spec      engine.ContainerSpec
	Endpoint  string   // Docker endpoint; empty: the default engine
	DependsOn []string // Compose services that start first, sorted
}

// Load reads, checks and converts a description. Whatever is wrong with it is
// returned as a problem.List, all at once. Images stay symbolic (`halab/node:debian12`).
func Load(ctx context.Context, o Options) (*Project, error) {
	if len(o.Files) == 0 {
		data, err := fs.ReadFile(o.Embedded, EmbeddedPath)
		if err != nil {
			return nil, fmt.Errorf("read the built-in description: %w", err)
		}
		l := newLoader(o, string(filepath.Separator))
		l.add(EmbeddedPath, data)
		// The tests have held it against the schema, and found that the short
		// way leads to the same lab.
		l.trusted = true
		return l.load(ctx)
	}
	first, err := filepath.Abs(o.Files[0])
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", o.Files[0], err)
	}
	l := newLoader(o, filepath.Dir(first))
	for _, name := range o.Files {
		data, err := os.ReadFile(name)
		if err != nil {
			l.findings = append(l.findings, finding{file: name, what: "the file can't be read: " + reason(err), why: "it was named by -f", cure: "check the path and its permissions"})
			continue
		}
		l.add(name, data)
	}
	return l.load(ctx)
}

// reason is an error without the path that stands in front of it anyway.
func reason(err error) string {
	if p, ok := err.(*fs.PathError); ok {
		return p.Err.Error()
	}
	return err.Error()
}

func newLoader(o Options, dir string) *loader {
	l := &loader{options: o, dir: dir, env: maps.Clone(o.Env), broken: places{}, quiet: places{}}
	if l.env == nil {
		l.env = map[string]string{}
	}
	return l
}
