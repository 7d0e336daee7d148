package drill

import (
	"time"

	"halab/internal/fault"
)

// Step is one step of a scenario file; exactly one of its parts is set.
type Step struct {
	Line    int // in the file
	Fail    *Fail
	Restore *Restore
	Wait    time.Duration
	Expect  *Expect
}

// Fail does a fault to a target.
type Fail struct {
	Target string // node, VIP's name or cluster
	Order  fault.Order
}

// Restore mends a target, or everything.
type Restore struct {
	Target string // empty: everything
	Scope  fault.Scope
}

// Expect is a condition that must come about within a time.
type Expect struct {
	VIP     string   // name of a VIP …
	Holders []string // … and the nodes that must hold it; "other" is any node but the one that held it first
	Count   *int     // … or how many there must be
	Ready   bool     // the whole lab is healthy
	Within  time.Duration
}

// steps gives the steps of a scenario: those of its file, or the one fault and
// its mending that a built-in scenario stands for.
func (s Scenario) steps(vip string) []Step {
	if s.Steps != nil {
		return s.Steps
	}
	b, _ := lookup(s.Kind)
	return []Step{
		{Fail: &Fail{Target: vip, Order: b.order()}},
		{Restore: &Restore{}},
	}
}
