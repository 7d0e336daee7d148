package fault

import (
	"strings"

	"halab/internal/lab"
	"halab/internal/problem"
	"halab/internal/topology"
)

// Scope selects what Restore mends.
type Scope = lab.Scope

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
			err = problem.New("there is no fault %q", scope.Fault).Cure("there are: " + strings.Join(names(), ", "))
		}
	}
	return scope, err
}
