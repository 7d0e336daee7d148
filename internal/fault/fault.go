// Package fault breaks parts of a lab and mends them: a catalogue of faults, a
// file each, and the recorded undo that restore works from.
package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"halab/internal/crashpoint"
	"halab/internal/effect"
	"halab/internal/engine"
	"halab/internal/lab"
	"halab/internal/problem"
	"halab/internal/topology"
)

// The engine as faults need it.
type (
	containers interface {
		ContainerStart(ctx context.Context, id string) error
		ContainerStop(ctx context.Context, id string, grace time.Duration) error
		ContainerKill(ctx context.Context, id, signal string) error
		ContainerPause(ctx context.Context, id string) error
		ContainerUnpause(ctx context.Context, id string) error
	}
	inspector interface {
		Inspect(ctx context.Context, id string) (engine.Container, error)
	}
)

// Engine is what a container engine does for faults.
type Engine interface {
	containers
	inspector
	lab.Executor
}

// states reads the lab; *lab.Lab does.
type states interface {
	Look(ctx context.Context) (*lab.State, error)
	lab.Waiter
}

// Injector applies and undoes faults on one lab.
type Injector struct {
	lab    states
	engine Engine
	power  Power // nil: no node has a switch
}

// NewInjector returns the injector of a lab. Power is asked for here, so that
// nobody can forget it: a drill of machines that could not switch them failed at
// its first poweroff. Nil is for a lab whose nodes have no switch.
func NewInjector(l states, e Engine, p Power) *Injector {
	return &Injector{lab: l, engine: e, power: p}
}

// Kind is one fault of the catalogue.
type Kind struct {
	Name    string
	On      []topology.Service // what it can be done to
	Summary string             // a sentence, for help and documentation
	Sees    string             // what an operator sees; "" where sees tells it
	Man     string             // where to read on
	Args    []Arg
	OneWay  bool // it can be had in one direction only
	Inside  bool // done by the agent inside the node, which also keeps its time
	how     bool // it is done to any service: `--how`
	power   bool // it takes a switch for the node's power
	// same is what --how calls the same, done to a node: a crash is its kill.
	same string
	// did is what is said when it was done: "stopped"; "" where that is "applied".
	did string
	// sees is what an operator sees, by what it is done to: a stopped keepalived hands
	// the VIP over, a stopped app leaves it where it is.
	sees map[topology.Service]string
	// tells describes it, by what it is done to, for a drill; %s is the node. What
	// is not told so is told by the summary.
	tells map[topology.Service]string
	// effect is what it means; the zero one where it is nil.
	effect func(o Order) effect.Effect
	apply  func(ctx context.Context, i *Injector, s site) error
	// notes are what is to be said beside what was done; may be nil.
	notes func(s site) []string
	// blocked says why the fault makes no sense for a service in that state.
	blocked func(s engine.State) string
}

// Catalogue lists every fault. The command line, its completion, the
// documentation and the drills all read this list.
func Catalogue() []Kind {
	return []Kind{
		stop(), kill(), hang(), reload(), restart(), poweroff(),
		crash(), shutdown(), freeze(),
		linkDown(), partition(), dropVRRP(), dropARP(), vipStolen(), loss(), delay(), rate(),
		slow(), appError(), cpu(), memory(), disk(),
	}
}

// Lookup finds what `--how` names, for a service.
func Lookup(name string, on topology.Service) (Kind, error) {
	var fits []string
	for _, k := range Catalogue() {
		if !k.how || !slices.Contains(k.On, on) {
			continue
		}
		if k.Name == name {
			return k, nil
		}
		fits = append(fits, k.Name)
	}
	return Kind{}, fmt.Errorf("there is no fault %q for %s; there are: %s", name, on, strings.Join(fits, ", "))
}

// site is where a fault is done: one service of one node, with all containers
// of that node at hand.
type site struct {
	node    string
	service topology.Service
	parts   map[topology.Service]engine.Container
}

func (s site) container() engine.Container { return s.parts[s.service] }

// Done is one fault that was applied.
type Done struct {
	Node    string `json:"node"`
	Service string `json:"service"`
	Fault   string `json:"fault"`
	// ID, Words and Until are those of a fault inside the node.
	ID    string     `json:"id,omitempty"`
	Words []string   `json:"words,omitempty"`
	Until *time.Time `json:"until,omitempty"`
	Notes []string   `json:"notes,omitempty"` // what could only be done in part, or was done besides
}

// Inject applies a fault to each node of a lab as it is, all nodes at once; peers
// are the nodes of a partition's other side.
func (i *Injector) Inject(ctx context.Context, status *lab.State, nodes, peers []string, o Order) ([]Done, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if err := answers(status, nodes); err != nil {
		return nil, err
	}
	sites := make([]site, len(nodes))
	for n, node := range nodes {
		sites[n] = site{node: node, service: o.Service, parts: status.Parts(node)}
	}
	for _, s := range sites {
		if err := ready(o.Kind, s, status); err != nil {
			return nil, err
		}
	}
	if o.Inside() {
		return i.injectInside(ctx, nodes, peers, o, status)
	}
	return i.applyAll(ctx, o.Kind, sites)
}

// answers refuses a fault on a node whose host does not answer.
func answers(status *lab.State, nodes []string) error {
	for _, c := range status.Clusters {
		for _, n := range c.Nodes {
			if n.State == lab.Unreachable && slices.Contains(nodes, n.Name) {
				return fmt.Errorf("nothing can be done to %s: %s", n.Name, n.Reason)
			}
		}
	}
	return nil
}

// ready refuses a fault on what is down already.
func ready(kind Kind, s site, status *lab.State) error {
	c, found := s.parts[s.service]
	if !found {
		return problem.New("%s has no %s container: it was removed", s.node, s.service).Cure("make it anew", "halab up")
	}
	if why := kind.blocked(stateOf(status, s, c)); why != "" {
		return problem.New("%s on %s is %s", s.service, s.node, why).Cure("restore it first", fmt.Sprintf("halab restore %s %s", s.node, s.service))
	}
	return nil
}

// stateOf is a service's state as the lab's status has it: a service that the
// agent froze runs for the engine.
func stateOf(status *lab.State, s site, c engine.Container) engine.State {
	for _, cluster := range status.Clusters {
		for _, n := range cluster.Nodes {
			switch {
			case n.Name != s.node || !alive(c.State):
			case n.State == string(engine.StatePaused), s.service != topology.ServiceNode && n.Services[string(s.service)] == string(engine.StatePaused):
				return engine.StatePaused
			}
		}
	}
	return c.State
}

func (i *Injector) applyAll(ctx context.Context, kind Kind, sites []site) ([]Done, error) {
	crashpoint.At(crashpoint.Asked)
	errs := make([]error, len(sites))
	each(len(sites), func(n int) { errs[n] = kind.apply(ctx, i, sites[n]) })
	crashpoint.At(crashpoint.Answered)
	var done []Done
	var failed []error
	for n, s := range sites {
		if errs[n] != nil {
			failed = append(failed, fmt.Errorf("%s %s on %s: %w", kind.Name, s.service, s.node, errs[n]))
			continue
		}
		d := Done{Node: s.node, Service: string(s.service), Fault: kind.Name}
		if kind.notes != nil {
			d.Notes = kind.notes(s)
		}
		done = append(done, d)
	}
	return done, errors.Join(failed...)
}
