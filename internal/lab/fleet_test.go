package lab

import (
	"testing"

	"halab/internal/engine"
	"halab/internal/plan"
)

// What a lab has on a host that takes no part is neither made nor removed.
func TestHostsThatTakeNoPartAreLeftAlone(t *testing.T) {
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
