package lab

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/engine/enginetest"
	"halab/internal/event"
	"halab/internal/plan"
	"halab/internal/topology"
)

// What a lab has on a host that takes no part is neither made nor removed.
func TestHostsThatTakeNoPartAreLeftAlone(t *testing.T) {
	t.Parallel()
	wanted := plan.Wanted{Containers: []engine.ContainerSpec{{Name: "a", Endpoint: "tcp://a"}, {Name: "b", Endpoint: "tcp://b"}}}
	observed := plan.Observed{
		Containers: []engine.Container{{ID: "1", Name: "old", Endpoint: "tcp://b"}},
		Volumes:    []engine.Volume{{Name: "v", Endpoint: "tcp://b"}, {Name: "w", Endpoint: "tcp://a"}},
	}
	absent := []string{"tcp://b"}
	p := plan.Make(reachable(wanted, absent), leaveAlone(observed, absent))
	for _, s := range p.Steps {
		if s.Endpoint != "tcp://a" {
			t.Errorf("%s %s at %q", s.Action, s.Subject, s.Endpoint)
		}
	}
	if len(p.Steps) == 0 || len(observed.Containers) != 1 || len(wanted.Containers) != 2 {
		t.Errorf("%v; %v; %v", p, observed, wanted)
	}
}

// hosted is an engine in memory that says it is one of several hosts.
type hosted struct{ *enginetest.Engine }

func (hosted) Hosts() bool                    { return true }
func (hosted) Unreachable() map[string]string { return nil }
func (hosted) Absent() []string               { return nil }

// pair is a cluster of two nodes, n-01 and n-02, on an engine in memory.
func pair(t *testing.T) *enginetest.Engine {
	t.Helper()
	e := enginetest.New()
	t.Cleanup(func() { _ = e.Close() })
	e.AddImage(engine.Image{Tags: []string{"x:1"}})
	for rank, node := range []string{"n-01", "n-02"} {
		for _, service := range topology.Services() {
			makePart(t, e, node, service, rank)
		}
		says(t, e, node, agentapi.State{})
	}
	return e
}

// makePart makes and starts one container of a node.
func makePart(t *testing.T, e *enginetest.Engine, node string, service topology.Service, rank int) {
	t.Helper()
	spec := engine.ContainerSpec{Name: node + "-" + string(service), Image: "x:1", NetworkMode: "none", Labels: map[string]string{
		engine.LabelLab: "l", engine.LabelNode: node, engine.LabelService: string(service), engine.LabelCluster: "n",
		engine.LabelVIP: "n-00=192.0.2.10", engine.LabelRank: strconv.Itoa(rank),
	}}
	_, err := e.ContainerCreate(t.Context(), spec)
	if err == nil {
		err = e.ContainerStart(t.Context(), spec.Name)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A host that lists its containers and then answers no more is unreachable, not
// running with parts that nobody knows.
func TestHostThatStopsAnswering(t *testing.T) {
	t.Parallel()
	e := pair(t)
	e.Hooks.Before = func(_ context.Context, call enginetest.Call) error {
		if call.Method == "Logs" && strings.Contains(call.String(), "n-02") {
			return fmt.Errorf("n-02: %w", engine.ErrUnreachable)
		}
		return nil
	}
	l := New("l", hosted{e}, func(event.Event) {})
	for name, look := range map[string]func(context.Context) (*State, error){"a look": l.Look, "a watch": func(ctx context.Context) (*State, error) {
		return l.Until(ctx, time.Minute, func(*State) (bool, error) { return true, nil })
	}} {
		s, err := look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		one, two := s.Clusters[0].Nodes[0], s.Clusters[0].Nodes[1]
		if one.State != "running" || two.State != Unreachable || two.Services["app"] != Unreachable || !strings.Contains(two.Reason, "n-02") {
			t.Errorf("%s: %+v\n%+v", name, one, two)
		}
	}
}
