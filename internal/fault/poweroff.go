package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"halab/internal/effect"
	"halab/internal/engine"
	"halab/internal/lab"
	"halab/internal/problem"
	"halab/internal/topology"
)

// Power switches nodes that are machines off and on.
type Power interface {
	// Has says whether it can switch that node.
	Has(node string) bool
	// Off takes the power away: nothing on the node is told or written.
	Off(ctx context.Context, node string) error
	// On gives it back and waits until the node can be reached; it says whether
	// it was off.
	On(ctx context.Context, node string) (bool, error)
}

// poweroff takes the power from the machine that a node is.
func poweroff() Kind {
	return Kind{
		Name:    "poweroff",
		how:     true,
		power:   true,
		On:      []topology.Service{topology.ServiceNode},
		Summary: "cut the power of a node that is a machine of Vagrant's",
		Sees:    "as a power cut, for it is one: the engine is gone as well",
		Man:     "[vagrant.md](vagrant.md)",
		did:     "switched off",
		tells:   map[topology.Service]string{topology.ServiceNode: "The power of %s is cut."},
		effect:  func(Order) effect.Effect { return effect.Kill(effect.Node) },
		blocked: func(s engine.State) string {
			if s == engine.StatePaused {
				return "" // a frozen machine has a plug as well
			}
			return notRunning(s)
		},
		apply: func(ctx context.Context, i *Injector, s site) error {
			if !i.switches(s.node) {
				return problem.New("%s has no power that halab can cut: it is no machine of Vagrant's (docs/vagrant.md)", s.node).
					Cure("crash it instead", fmt.Sprintf("halab fail %s node --how kill", s.node))
			}
			return i.power.Off(ctx, s.node)
		},
	}
}

func (i *Injector) switches(node string) bool { return i.power != nil && i.power.Has(node) }

// bootTime is how long the engine of a machine may take to answer once the
// machine can be reached.
const bootTime = 3 * time.Minute

// powerOn switches on the machines of the scope that do not answer, all at once,
// and waits until their engines do. It gives back the lab as it is then.
func (i *Injector) powerOn(ctx context.Context, status *lab.State, scope Scope) ([]Mended, *lab.State, error) {
	if i.power == nil {
		return nil, status, nil
	}
	var names []string
	for _, n := range status.Silent() {
		if i.switches(n) && touches(scope, n) {
			names = append(names, n)
		}
	}
	mended, errs := make([]Mended, 0, len(names)), make([]error, len(names))
	wasOff := make([]bool, len(names))
	each(len(names), func(n int) { wasOff[n], errs[n] = i.power.On(ctx, names[n]) })
	for n, name := range names {
		if wasOff[n] {
			mended = append(mended, Mended{Node: name, Service: string(topology.ServiceNode), Action: "switched on"})
		}
	}
	if err := errors.Join(errs...); err != nil || len(names) == 0 {
		return mended, status, err
	}
	status, err := i.awaitEngines(ctx, names)
	return mended, status, err
}

// awaitEngines waits until the nodes can be seen again.
func (i *Injector) awaitEngines(ctx context.Context, nodes []string) (*lab.State, error) {
	status, err := i.lab.Until(ctx, bootTime, func(s *lab.State) (bool, error) {
		return !slices.ContainsFunc(s.Silent(), func(n string) bool { return slices.Contains(nodes, n) }), nil
	})
	if errors.Is(err, errPatience) && status != nil {
		err = problem.New("the machine runs, and its engine does not answer after %s: %v", bootTime, status.Silent()).
			Cure("look there", "vagrant ssh "+nodes[0], "systemctl status docker")
	}
	return status, err
}

// touches says whether a node must be up for what the scope covers.
func touches(s Scope, node string) bool { return s.Names(node) && s.Fault == "" }
