package fault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/lab"
	"halab/internal/problem"
	"halab/internal/topology"
)

// Mended is one thing that Restore did.
type Mended struct {
	Node    string `json:"node"`
	Service string `json:"service"`
	Action  string `json:"action"`          // "started", "thawed", "undid" or "switched on"
	Fault   string `json:"fault,omitempty"` // what was undone
}

// Restore undoes what was done to a lab within the scope: it undoes what was done inside
// nodes, thaws what is frozen and starts what is down, nodes before their
// services. Of everything, the client is a part as well.
func (i *Injector) Restore(ctx context.Context, status *lab.State, scope Scope) ([]Mended, error) {
	byNode := map[string]map[topology.Service]engine.Container{}
	for _, c := range status.Containers {
		if node := c.Labels[engine.LabelNode]; node != "" && byNode[node] == nil {
			byNode[node] = status.Parts(node)
		}
	}
	names := make([]string, 0, len(byNode))
	for name := range byNode {
		names = append(names, name)
	}
	slices.Sort(names)
	undo := toUndo(status, scope)
	results := make([][]Mended, len(names))
	errs := make([]error, len(names))
	each(len(names), func(n int) {
		undone, uerr := i.undoNode(ctx, names[n], byNode[names[n]], undo[names[n]])
		mended, err := i.restoreNode(ctx, names[n], byNode[names[n]], scope)
		results[n], errs[n] = append(undone, mended...), errors.Join(uerr, err)
	})
	if scope.Everything() {
		mended, err := i.mendClient(ctx, status)
		results, errs = append(results, mended), append(errs, err)
	}
	return slices.Concat(results...), errors.Join(errs...)
}

// mendClient starts the client where it is down.
func (i *Injector) mendClient(ctx context.Context, status *lab.State) ([]Mended, error) {
	c, found := status.Client()
	if !found {
		return nil, nil
	}
	return i.mend(ctx, topology.Client, topology.Client, c)
}

// toUndo lists the faults inside each node that are to be undone. Where one
// side of a partition is, the other is too.
func toUndo(status *lab.State, scope Scope) map[string][]agentapi.Fault {
	ids := map[string]bool{}
	var all []lab.Node
	for _, c := range status.Clusters {
		all = append(all, c.Nodes...)
	}
	for _, n := range all {
		for _, f := range n.Faults {
			if scope.Covers(n.Name, f) {
				ids[f.ID] = true
			}
		}
	}
	undo := map[string][]agentapi.Fault{}
	for _, n := range all {
		for _, f := range n.Faults {
			if ids[f.ID] {
				undo[n.Name] = append(undo[n.Name], f)
			}
		}
	}
	return undo
}

// undoNode undoes faults inside a node, the newest first. An engine's freezer
// keeps everything from running there, so it comes first.
func (i *Injector) undoNode(ctx context.Context, node string, p map[topology.Service]engine.Container, list []agentapi.Fault) ([]Mended, error) {
	machine, found := p[topology.ServiceNode]
	if len(list) == 0 || !found || !alive(machine.State) {
		return nil, nil
	}
	var mended []Mended
	if machine.State == engine.StatePaused {
		if err := i.engine.ContainerUnpause(ctx, machine.ID); err != nil {
			return nil, fmt.Errorf("restore %s: %w", node, err)
		}
		mended = append(mended, Mended{Node: node, Service: string(topology.ServiceNode), Action: "thawed"})
		machine.State = engine.StateRunning
		p[topology.ServiceNode] = machine
	}
	var failed []error
	for _, f := range slices.Backward(list) {
		if _, err := i.askFault(ctx, machine, "undo", f.ID); err != nil {
			failed = append(failed, fmt.Errorf("undo %s on %s: %w", f.Fault, node, err))
			continue
		}
		mended = append(mended, Mended{Node: node, Service: cmp.Or(f.Service, string(topology.ServiceNode)), Action: "undid",
			Fault: strings.Join(append([]string{f.Fault}, f.Words...), " ")})
	}
	return mended, errors.Join(failed...)
}

// restoreNode mends one node. A service cannot start without its node, so a
// node that is down is started even if only a service was asked for.
func (i *Injector) restoreNode(ctx context.Context, node string, p map[topology.Service]engine.Container, scope Scope) ([]Mended, error) {
	var wanted []topology.Service
	for _, service := range topology.Services()[1:] {
		if _, found := p[service]; found && scope.Has(node, service) {
			wanted = append(wanted, service)
		}
	}
	if len(wanted) == 0 && !scope.Has(node, topology.ServiceNode) {
		return nil, nil
	}
	machine, found := p[topology.ServiceNode]
	if !found {
		return nil, problem.New("%s has no container of its own any more", node).Cure("make it anew", "halab up")
	}
	mended, err := i.mend(ctx, node, topology.ServiceNode, machine)
	if err != nil {
		return mended, err
	}
	lists := make([][]Mended, len(wanted))
	errs := make([]error, len(wanted))
	each(len(wanted), func(n int) { lists[n], errs[n] = i.mend(ctx, node, wanted[n], p[wanted[n]]) })
	return append(mended, slices.Concat(lists...)...), errors.Join(errs...)
}

func (i *Injector) mend(ctx context.Context, node string, service topology.Service, c engine.Container) ([]Mended, error) {
	action, err := "", error(nil)
	switch c.State {
	case engine.StateRunning:
		return nil, nil
	case engine.StatePaused:
		action, err = "thawed", i.engine.ContainerUnpause(ctx, c.ID)
	default:
		action, err = "started", i.engine.ContainerStart(ctx, c.ID)
	}
	if err != nil {
		return nil, problem.New("restore %s on %s: %w", service, node, err).Cure("make what is missing", "halab up")
	}
	return []Mended{{Node: node, Service: string(service), Action: action}}, nil
}

// WaitHealthy waits until what the scope covers is well again: everything of it
// runs, and each cluster that has no other fault is whole.
func (i *Injector) WaitHealthy(ctx context.Context, scope Scope, patience time.Duration) (*lab.State, error) {
	return i.waitHealthy(ctx, scope, patience, patience)
}

// waitHealthy waits for a part of the patience there is in all.
func (i *Injector) waitHealthy(ctx context.Context, scope Scope, wait, patience time.Duration) (*lab.State, error) {
	last, err := lab.UntilWell(ctx, i.lab, wait, func(s *lab.State) ([]string, error) { return s.Reasons(scope), nil })
	if errors.Is(err, errPatience) {
		err = problem.New("not healthy after %s: %w", patience, err).Cure("what it says of itself", "halab logs --tail 20").
			Cure("make what is missing", "halab up")
	}
	return last, err
}
