package drill

import (
	"time"

	"halab/internal/topology"
)

// Step is one step of a scenario file; exactly one of its parts is set.
type Step struct {
	Line    int // in the file
	Fail    *Fail
	Restore *Restore
	Wait    time.Duration
	Expect  *Expect
}

// Fail breaks a service of a target.
type Fail struct {
	Target  string // node, VIP's name or cluster
	Service topology.Service
	How     string
}

// Restore mends a target, or everything.
type Restore struct {
	Target  string // empty: everything
	Service topology.Service
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
		{Fail: &Fail{Target: vip, Service: b.service, How: b.how}},
		{Restore: &Restore{}},
	}
}
