package fault

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"halab/internal/engine"
	"halab/internal/lab"
	"halab/internal/topology"
)

var errPatience = errors.New("patience ran out")

// healthy judges what the scope covers. A cluster in which everything runs must
// be whole; where something outside the scope is still down, only the parts of
// the scope are judged.
func healthy(s *lab.Status, scope Scope) bool {
	return len(ailments(s, scope)) == 0
}

// ailments lists what is not well within the scope, in words.
func ailments(s *lab.Status, scope Scope) []string {
	var list []string
	for _, c := range s.Clusters {
		if !touches(c, scope) {
			continue
		}
		list = append(list, broken(c, scope)...)
		if len(list) == 0 && running(c) {
			list = append(append(list, c.Ailments()...), c.Wavering()...)
		}
	}
	if scope.everything() && down(s.Client) {
		list = append(list, "the client is "+s.Client)
	}
	return list
}

// down says whether a restore would start or thaw what is in that state; what is
// not there can only be made.
func down(state string) bool {
	switch engine.State(state) {
	case engine.StateExited, engine.StatePaused, engine.StateCreated:
		return true
	}
	return false
}

func touches(c lab.Cluster, scope Scope) bool {
	return slices.ContainsFunc(c.Nodes, func(n lab.Node) bool {
		return scope.names(n.Name)
	})
}

// broken lists the containers of the scope that do not run.
func broken(c lab.Cluster, scope Scope) []string {
	var list []string
	for _, n := range c.Nodes {
		for _, f := range n.Faults {
			if scope.covers(n.Name, f) {
				list = append(list, f.Fault+" is done to "+n.Name)
			}
		}
		if scope.has(n.Name, topology.ServiceNode) && n.State != "running" {
			list = append(list, n.Name+" is "+n.State)
		}
		for service, state := range services(n, scope) {
			if state != "running" {
				list = append(list, fmt.Sprintf("%s is %s", service, state))
			}
		}
	}
	return list
}

// services are the scope's services on a node, as "app on frontend-01", each with
// its state.
func services(n lab.Node, scope Scope) iter.Seq2[string, string] {
	return func(yield func(service, state string) bool) {
		for _, service := range topology.Services()[1:] {
			if scope.has(n.Name, service) && !yield(fmt.Sprintf("%s on %s", service, n.Name), n.Services[string(service)]) {
				return
			}
		}
	}
}

// absent refuses to wait for what the scope covers and nobody made. Restore
// makes no containers, so time would not mend that.
func absent(s *lab.Status, scope Scope) error {
	var list []string
	for _, c := range s.Clusters {
		for _, n := range c.Nodes {
			for service, state := range services(n, scope) {
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
	return fmt.Errorf("not there: %s; restore starts what is down and makes nothing new\n  make what is missing:  halab up", what)
}

// running says whether every container of the cluster runs.
func running(c lab.Cluster) bool { return len(broken(c, Scope{})) == 0 }

func unhealthy(cause error, last *lab.Status, patience time.Duration) error {
	if !errors.Is(cause, errPatience) {
		return cause
	}
	what := "the lab's state could not be read"
	if last != nil {
		what = strings.Join(ailments(last, Scope{}), "; ")
	}
	return &unhealthyError{fmt.Sprintf("not healthy after %s: %s\n  what it says of itself:  halab logs --tail 20\n  make what is missing:  halab up", patience, what)}
}

// unhealthyError says what was not well when patience ran out.
type unhealthyError struct{ text string }

func (e *unhealthyError) Error() string { return e.text }

func (e *unhealthyError) Unwrap() error { return errPatience }
