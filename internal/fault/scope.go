package fault

import (
	"fmt"
	"slices"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/lab"
	"halab/internal/topology"
)

// Scope selects what Restore mends; nil or empty means everything.
type Scope struct {
	Nodes   []string
	Service topology.Service // empty: all of them
	Fault   string           // a fault by its name; empty: all of them
	// Without lists nodes whose hosts do not answer: nothing can be mended there,
	// and nobody waits for them.
	Without []string
}

// everything says whether nothing is left out.
func (s Scope) everything() bool { return len(s.Nodes) == 0 && s.Service == "" && s.Fault == "" }

// names says whether the node is one of the scope's.
func (s Scope) names(node string) bool { return len(s.Nodes) == 0 || slices.Contains(s.Nodes, node) }

func (s Scope) has(node string, service topology.Service) bool {
	if slices.Contains(s.Without, node) || !s.names(node) {
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

// covers says whether a fault inside a node is within the scope. A service
// can't be mended on a node that is frozen.
func (s Scope) covers(node string, f agentapi.Fault) bool {
	switch {
	case !s.names(node):
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

// ParseScope reads what a restore is bounded to: nothing, a SERVICE, or a FAULT.
func ParseScope(words []string) (Scope, error) {
	var scope Scope
	var err error
	switch {
	case len(words) == 0:
	case len(words) == 1 && !Known(words[0]):
		scope.Service, err = topology.ResolveService(words[0])
	default:
		if scope.Fault = strings.Join(words, " "); !Known(scope.Fault) {
			err = fmt.Errorf("there is no fault %q\n  there are: %s", scope.Fault, strings.Join(names(), ", "))
		}
	}
	return scope, err
}

// At is the scope on one target. A VIP that nobody holds names no node, so its
// whole cluster is meant.
func (s Scope) At(st *lab.Status, target string) (Scope, error) {
	for _, c := range st.Clusters {
		if c.VIP.Name == target {
			target = c.Name
		}
	}
	var err error
	s.Nodes, err = st.Resolve(target)
	return s, err
}
