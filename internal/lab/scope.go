package lab

import (
	"slices"

	"halab/internal/agentapi"
	"halab/internal/topology"
)

// Scope selects parts of a lab: what a restore mends, and what a wait is for.
// Nil or empty means everything.
type Scope struct {
	Nodes   []string
	Service topology.Service // empty: all of them
	Fault   string           // a fault by its name; empty: all of them
	// Without lists nodes whose hosts do not answer: nothing can be mended there,
	// and nobody waits for them.
	Without []string
}

// Everything says whether nothing is left out.
func (s Scope) Everything() bool { return len(s.Nodes) == 0 && s.Service == "" && s.Fault == "" }

// Names says whether the node is one of the scope's.
func (s Scope) Names(node string) bool { return len(s.Nodes) == 0 || slices.Contains(s.Nodes, node) }

// Has says whether a service of a node is within the scope. Of a fault, only what
// ends the whole node is about services.
func (s Scope) Has(node string, service topology.Service) bool {
	if slices.Contains(s.Without, node) || !s.Names(node) {
		return false
	}
	switch s.Fault {
	case "":
	case "crash", "shutdown":
		return true
	default:
		return false
	}
	return s.Service == "" || s.Service == service
}

// Covers says whether a fault inside a node is within the scope. A service
// can't be mended on a node that is frozen.
func (s Scope) Covers(node string, f agentapi.Fault) bool {
	switch {
	case !s.Names(node):
		return false
	case s.Fault != "":
		return s.Fault == f.Fault
	case s.Service == "", f.Fault == agentapi.FaultFreeze:
		return true
	case f.Service == "":
		return s.Service == topology.ServiceNode
	}
	return f.Service == string(s.Service)
}

// At is the scope on one target. A VIP that nobody holds names no node, so its
// whole cluster is meant.
func (s Scope) At(st *State, target string) (Scope, error) {
	for _, c := range st.Clusters {
		if slices.ContainsFunc(c.VIPs(), func(v VIP) bool { return v.Name == target }) {
			target = c.Name
		}
	}
	var err error
	s.Nodes, err = st.Resolve(target)
	return s, err
}
