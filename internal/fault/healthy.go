package fault

import (
	"fmt"
	"strings"

	"halab/internal/lab"
	"halab/internal/problem"
)

// errPatience says that a wait took too long.
var errPatience = lab.ErrPatience

// absent refuses to wait for what the scope covers and nobody made. Restore
// makes no containers, so time would not mend that.
func absent(s *lab.State, scope Scope) error {
	var list []string
	for _, c := range s.Clusters {
		for _, n := range c.Nodes {
			for service, state := range n.Within(scope) {
				if state == lab.Missing {
					list = append(list, service)
				}
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	const shown = 3
	what := strings.Join(list[:min(shown, len(list))], ", ")
	if more := len(list) - shown; more > 0 {
		what += fmt.Sprintf(" and %d more", more)
	}
	return problem.New("not there: %s; restore starts what is down and makes nothing new", what).Cure("make what is missing", "halab up")
}
