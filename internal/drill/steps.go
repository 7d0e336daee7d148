package drill

import (
	"errors"
	"slices"
	"time"

	"halab/internal/fault"
	"halab/internal/lab"
	"halab/internal/topology"
)

// Step is one step of a scenario; exactly one of its parts is set. A Rest is a stretch
// that is measured although nothing is done in it.
type Step struct {
	Line    int // in its file; 0 of a built-in scenario
	Fail    *Fail
	Restore *Restore
	Wait    time.Duration
	Expect  *Expect
	Switch  bool // the cluster's VIP is moved on purpose
	Rolling bool // both daemons of each node read their files again, the holder's last
	Rest    time.Duration
}

// Fail does a fault to a target.
type Fail struct {
	Target string // node, VIP's name or cluster; "" is the node that holds the VIP
	Order  fault.Order
}

// Restore mends a target, or everything.
type Restore struct {
	Target string // empty: everything
	Scope  fault.Scope
}

// other is what a scenario file calls any node but the VIP's first holder.
const other = "other"

// Expect is a condition that must come about within a time.
type Expect struct {
	VIP     string   // name of a VIP …
	Holders []string // … and the nodes that must hold it; "other" is any node but the one that held it before the run
	Count   *int     // … or how many there must be
	Ready   bool     // the whole lab is healthy
	Within  time.Duration
}

// check refuses names that the lab has not, before anything is broken: nobody
// holds frontend-0, so {vip: frontend-0, holders: 0} would always come about.
func (s Scenario) check(status *lab.State) error {
	for _, step := range s.Steps {
		if err := step.check(status); errors.Is(err, topology.ErrUnknown) {
			return located(step, err)
		}
	}
	return nil
}

func (s Step) check(status *lab.State) error {
	switch {
	case s.Fail != nil:
		var err error
		if s.Fail.Target != "" {
			_, err = status.Resolve(s.Fail.Target)
		}
		_, perr := s.Fail.Order.Peers(status)
		return errors.Join(err, perr)
	case s.Restore != nil && s.Restore.Target != "":
		_, err := s.Restore.Scope.At(status, s.Restore.Target)
		return err
	case s.Expect != nil && !s.Expect.Ready:
		return s.Expect.check(status)
	}
	return nil
}

func (e Expect) check(status *lab.State) error {
	var vips, nodes []string
	for _, c := range status.Clusters {
		vips = append(vips, c.VIP.Name)
		for _, n := range c.Nodes {
			nodes = append(nodes, n.Name)
		}
	}
	if !slices.Contains(vips, e.VIP) {
		return unknown(e.VIP, "a VIP", vips)
	}
	for _, name := range e.Holders {
		if !slices.Contains(nodes, name) && name != other {
			return unknown(name, "a node", nodes)
		}
	}
	return nil
}

func unknown(name, wants string, known []string) error {
	return &topology.UnknownError{Name: name, Wants: wants, Close: topology.Suggest(name, known), Known: known}
}
