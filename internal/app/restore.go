package app

import (
	"context"
	"slices"
	"time"

	"halab/internal/engine"
	"halab/internal/fault"
	"halab/internal/lab"
	"halab/internal/topology"
)

// Restored says what was undone; its JSON form is public (docs/json.md).
type Restored struct {
	Mended  []fault.Mended `json:"mended"`
	Healthy bool           `json:"healthy"`
	Seconds float64        `json:"seconds"`

	// Silence names the hosts that did not answer: there nothing could be done.
	Silence error `json:"-"`
}

// Restore undoes every fault of a target, and starts what is down there; "" is the
// whole lab. It waits until that is healthy, but no longer than patience. With an
// error comes what was undone until then.
func (s *Session) Restore(ctx context.Context, target string, scope fault.Scope, patience time.Duration) (Restored, error) {
	begin := time.Now()
	st, err := s.running(ctx)
	if err != nil {
		return Restored{}, err
	}
	if target != "" {
		if scope, err = scope.At(st, target); err != nil {
			return Restored{}, err
		}
	}
	done, err := s.injector().RestoreHealthy(ctx, st, scope, patience, nil)
	r := Restored{Mended: append([]fault.Mended{}, done...), Seconds: time.Since(begin).Seconds()}
	if err == nil {
		r.Silence = s.lab.Silence("restore again when that is mended")
		r.Healthy = r.Silence == nil
	}
	return r, err
}

const (
	// endBegins is how long the fault may take to come about.
	endBegins = 20 * time.Second
	// endAgain is how long an engine that does not answer is asked again, and
	// endPause the time between.
	endAgain = 20 * time.Second
	endPause = 300 * time.Millisecond
)

// EndFault waits until a moment, and then restores a service of nodes. It ends
// early when somebody has mended or removed them.
func (s *Session) EndFault(ctx context.Context, until time.Time, service topology.Service, nodes []string) error {
	was := map[string]bool{} // seen down
	begin := time.Now()
	over := func(st *lab.State) (bool, error) {
		nodes = slices.DeleteFunc(nodes, func(node string) bool {
			down, there := isDown(st, node, service)
			was[node] = was[node] || down
			return !there || !down && (was[node] || time.Since(begin) > endBegins)
		})
		return len(nodes) == 0, nil
	}
	for {
		_, err := s.lab.Until(ctx, time.Until(until), over)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if time.Until(until) <= 0 {
			break
		}
		if err := lab.Pause(ctx, endPause); err != nil { // the engine may be restarting
			return err
		}
	}
	scope := fault.Scope{Nodes: nodes, Service: service}
	if service == topology.ServiceNode {
		scope.Service = "" // its services ended with it
	}
	for begin := time.Now(); ; {
		st, err := s.lab.Look(ctx)
		if err == nil {
			_, err = s.injector().Restore(ctx, st, scope)
		}
		if err == nil || time.Since(begin) > endAgain {
			return err
		}
		if err := lab.Pause(ctx, endPause); err != nil {
			return err
		}
	}
}

// isDown looks at one service of a node.
func isDown(st *lab.State, node string, service topology.Service) (down, there bool) {
	c, there := st.Container(node, service)
	return c.State == engine.StateExited, there
}
