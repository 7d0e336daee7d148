package app

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/composefile"
	"halab/internal/engine"
	"halab/internal/problem"
	"halab/internal/render"
	"halab/internal/topology"
)

// Where a configuration file was found.
const (
	fromNode     = "node"        // on the node, which is up
	fromOwn      = "description" // a file of the user's, which the description mounts
	fromTemplate = "template"    // halab's own
)

// NodeFile is the configuration file of a daemon on a node; its JSON form is public
// (docs/json.md).
type NodeFile struct {
	Node    string `json:"node"`
	Service string `json:"service"`
	From    string `json:"from"`
	Text    string `json:"text"`

	About string `json:"-"` // where it is from, in words
}

// FileOf finds the file that a daemon has on a node. Where the lab that is
// described is up, the node is asked: only it knows what its daemon was started
// with. Elsewhere it is what the daemon would be started with.
func (w World) FileOf(ctx context.Context, set Setting, project *composefile.Project, node topology.Node, daemon string) (NodeFile, error) {
	f := NodeFile{Node: node.Name, Service: daemon}
	at := slices.IndexFunc(project.Containers, func(c composefile.Wanted) bool {
		return c.Service == node.Services[topology.Service(f.Service)]
	})
	if at < 0 {
		return f, fmt.Errorf("%s has no %s in the description", f.Node, f.Service)
	}
	spec := project.Containers[at].Spec
	if text, running := w.askFile(ctx, set, spec); running {
		f.From, f.Text = fromNode, text
		f.About = fmt.Sprintf("%s is up; its %s was started with this file", f.Node, f.Service)
		return f, nil
	}
	if source, own := ownSource(spec, f.Service); own {
		if endpoint := project.Containers[at].Endpoint; endpoint != "" {
			return f, problem.New("%s of %s has a file of its own, %s at %s, which can't be read from here", f.Service, f.Node, source, endpoint).
				Cure("bring the lab up and ask again; then the node tells")
		}
		text, err := os.ReadFile(source)
		if err != nil {
			return f, fmt.Errorf("%s of %s has a file of its own, which can't be read: %w", f.Service, f.Node, err)
		}
		f.From, f.Text = fromOwn, string(text)
		f.About = fmt.Sprintf("%s is not up as described here; its %s would be started with this file of its own, %s", f.Node, f.Service, source)
		return f, nil
	}
	f.From = fromTemplate
	f.About = fmt.Sprintf("%s is not up as described here; its %s would be started with this file", f.Node, f.Service)
	var err error
	f.Text, err = renderFor(project.Lab.Base, spec.Env, topology.Service(f.Service))
	return f, err
}

// askFile asks a node that is up for the file of a service, which has this
// description. Process 1 of the node is asked, so that a daemon that was stopped
// has its file too.
func (w World) askFile(ctx context.Context, set Setting, spec engine.ContainerSpec) (text string, running bool) {
	s, err := Open(ctx, w, set, nil)
	if err != nil {
		return "", false // no engine, no lab
	}
	defer s.Close()
	all, err := s.lab.Containers(ctx)
	if err != nil {
		return "", false
	}
	for _, c := range all {
		if c.State != engine.StateRunning || c.Labels[engine.LabelService] != string(topology.ServiceNode) ||
			!asDescribed(c.Labels, spec.Labels, set.AnyBase() == set.Base) {
			continue
		}
		var said bytes.Buffer
		code, err := s.engine.Exec(ctx, c.ID, engine.ExecSpec{Stdout: &said,
			Command: []string{agentapi.BinaryPath, "agent", agentapi.CommandConfig, spec.Labels[engine.LabelService]}})
		return said.String(), err == nil && code == 0
	}
	return "", false
}

// asDescribed says whether a container is on the node that is described, with the
// profile and the VIP by which the node's files are made. With --profile classic
// beside a lab that is up as fast it is not.
func asDescribed(has, wanted map[string]string, base bool) bool {
	labels := []string{engine.LabelNode, engine.LabelProfile, engine.LabelVIP}
	if base {
		labels = append(labels, engine.LabelBase)
	}
	return !slices.ContainsFunc(labels, func(l string) bool { return has[l] != wanted[l] })
}

// ownSource is the path of the user's own file, which the description mounts at
// agentapi.OwnDir: by itself, or with its folder.
func ownSource(spec engine.ContainerSpec, daemon string) (path string, own bool) {
	file := filepath.Base(agentapi.HAProxyConfig)
	if daemon == string(topology.ServiceKeepalived) {
		file = filepath.Base(agentapi.KeepalivedConfig)
	}
	for _, m := range spec.Mounts {
		switch {
		case m.Type != "bind":
		case m.Target == filepath.Join(agentapi.OwnDir, file):
			return m.Source, true
		case m.Target == agentapi.OwnDir:
			path := filepath.Join(m.Source, file)
			if _, err := os.Stat(path); err == nil {
				return path, true
			}
		}
	}
	return "", false
}

// renderFor renders the file of a service from the environment that its
// container would get, as the service itself does when it starts.
func renderFor(base string, environment []string, service topology.Service) (string, error) {
	env := map[string]string{}
	for _, pair := range environment {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	input, err := render.FromEnv(func(name string) string { return env[name] })
	if err != nil {
		return "", err
	}
	haproxy, keepalived, err := render.Versions(base)
	if err != nil {
		return "", err
	}
	if service == topology.ServiceHAProxy {
		return render.HAProxy(input, haproxy)
	}
	return render.Keepalived(input, keepalived)
}
