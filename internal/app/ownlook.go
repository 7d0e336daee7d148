package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/composefile"
	"halab/internal/daemonconf/lint"
	"halab/internal/engine"
	"halab/internal/lab"
	"halab/internal/problem"
	"halab/internal/topology"
)

// Adaptation says how a lab of the user's own files differs from the real machines;
// its JSON form is public (docs/json.md).
type Adaptation struct {
	Adapted []AdaptedNote `json:"adapted"`
	Unmet   []AdaptedNote `json:"unmet"` // what the files ask for and a lab can't give
}

// AdaptedNote is one difference. Without a node it is about all.
type AdaptedNote struct {
	Node string `json:"node,omitempty"`
	Text string `json:"text"`
}

// String is the note as it is printed.
func (n AdaptedNote) String() string {
	if n.Node == "" {
		return n.Text
	}
	return n.Node + ": " + n.Text
}

// adaptation puts together what the machines' own notes say.
func adaptation(machines []agentapi.Own) Adaptation {
	merged := func(of func(agentapi.Own) []string) []AdaptedNote {
		list := []AdaptedNote{}
		for _, m := range machines {
			for _, text := range of(m) {
				n := AdaptedNote{Node: m.Name, Text: text}
				if !slices.ContainsFunc(machines, func(o agentapi.Own) bool { return !slices.Contains(of(o), text) }) {
					n.Node = ""
				}
				if !slices.Contains(list, n) {
					list = append(list, n)
				}
			}
		}
		return list
	}
	return Adaptation{merged(func(o agentapi.Own) []string { return o.Adapted }), merged(func(o agentapi.Own) []string { return o.Unmet })}
}

// Adapted says how a lab differs from the real machines: the one that a folder makes,
// or, where none is named, the one that runs.
func (w World) Adapted(ctx context.Context, set Setting) (Adaptation, error) {
	if set.Config != "" {
		o, err := set.loadOwn(ctx, w.LikelyBase(ctx, set))
		return adaptation(o.machines()), err
	}
	s, st, err := w.ownRunning(ctx, set)
	if err != nil {
		return Adaptation{}, err
	}
	if s == nil {
		return Adaptation{}, AsUsage(problem.New("lab %s does not run files of your own", set.Name).Cure("name their folder", "halab -c FOLDER config --adapted"))
	}
	defer s.Close()
	var machines []agentapi.Own
	for _, n := range st.Topology().Nodes() {
		c, found := st.Container(n.Name, topology.ServiceNode)
		if !found {
			continue
		}
		text, err := s.lab.ReadFile(ctx, c.ID, agentapi.OwnFile)
		if err != nil {
			return Adaptation{}, err
		}
		var o agentapi.Own
		if err := json.Unmarshal(text, &o); err != nil {
			return Adaptation{}, fmt.Errorf("what %s is: %w", n.Name, err)
		}
		machines = append(machines, o)
	}
	return adaptation(machines), nil
}

// machines are those of a lab in the order of its nodes.
func (o *ownLab) machines() []agentapi.Own {
	var list []agentapi.Own
	for _, c := range o.Clusters {
		for _, n := range c.Nodes {
			list = append(list, o.Machines[n.Name].Own)
		}
	}
	return list
}

// ownRunning opens the lab where it runs files of the user's own, as its containers
// say; nil where it does not. The caller closes the session.
func (w World) ownRunning(ctx context.Context, set Setting) (*Session, *lab.State, error) {
	s, err := Open(ctx, w, set, nil)
	if err != nil {
		return nil, nil, nil // no engine, no lab
	}
	st, err := s.lab.Look(ctx)
	if err != nil || len(st.Clusters) == 0 || st.Profile != string(topology.ProfileOwn) {
		s.Close()
		return nil, nil, err
	}
	return s, st, nil
}

// OwnTopology is that of the lab where it runs files of the user's own and no
// description was named; nil where it does not.
func (w World) OwnTopology(ctx context.Context, set Setting) *topology.Lab {
	if set.Config != "" || len(set.Files) > 0 {
		return nil
	}
	s, st, err := w.ownRunning(ctx, set)
	if s == nil || err != nil {
		return nil
	}
	defer s.Close()
	return st.Topology()
}

// OwnFile is the file that a daemon of such a lab has on a node.
func (w World) OwnFile(ctx context.Context, set Setting, node, daemon string) (NodeFile, error) {
	f := NodeFile{Node: node, Service: daemon, From: fromNode, About: node + " is up and has this file of yours"}
	s, st, err := w.ownRunning(ctx, set)
	if err != nil || s == nil {
		return f, err
	}
	defer s.Close()
	c, found := st.Container(node, topology.ServiceNode)
	if !found || c.State != engine.StateRunning {
		return f, problem.New("%s does not run, so it can't be asked", node).Cure("mend it", "halab restore "+node)
	}
	var said, errs bytes.Buffer
	code, err := s.engine.Exec(ctx, c.ID, engine.ExecSpec{Stdout: &said, Stderr: &errs,
		Command: []string{agentapi.BinaryPath, "agent", agentapi.CommandConfig, daemon}})
	if err == nil && code != 0 {
		err = fmt.Errorf("%s was asked for the file of %s and said: %s", node, daemon, strings.TrimSpace(errs.String()))
	}
	f.Text = said.String()
	return f, err
}

// keepOwn refuses to make another lab of one that runs files of the user's own.
func (m making) keepOwn(ctx context.Context) error {
	if m.set.Config != "" || len(m.set.Files) > 0 {
		return nil
	}
	st, err := m.s.lab.Look(ctx)
	if err != nil || len(st.Clusters) == 0 || st.Profile != string(topology.ProfileOwn) {
		return err
	}
	return AsUsage(problem.New("lab %s runs files of your own, and halab up would make the built-in lab of it", m.s.Name).
		Cure("mend it", "halab -c FOLDER up").Cure("or take it away first", "halab down"))
}

// sayOwn tells how the lab differs from the real machines, and what is wrong with the
// files for certain.
func (m making) sayOwn(ctx context.Context, base string) (*composefile.Project, error) {
	o, err := m.set.loadOwn(ctx, base)
	if err != nil {
		return nil, err
	}
	a := adaptation(o.machines())
	for _, n := range a.Adapted {
		m.s.emit.Info("", "adapted: "+n.String())
	}
	for _, n := range a.Unmet {
		m.s.emit.Warn("", "not here: "+n.String())
	}
	for _, f := range o.report.Findings {
		if f.Severity == lint.Error {
			m.s.emit.Warn("", fmt.Sprintf("%s %s: %s; a client: %s", f.At, f.Rule, f.What, f.Sees))
		}
	}
	return o.project, nil
}
