package drill

import (
	"slices"
	"testing"

	"halab/internal/lab"
	"halab/internal/outage"
)

// A change comes to the nodes that don't hold the VIP first, and to those of other
// clusters not at all.
func TestRollingOrder(t *testing.T) {
	t.Parallel()
	s := &lab.State{Clusters: []lab.Cluster{
		{Name: "other", Nodes: []lab.Node{{Name: "x"}}},
		{Name: "web", VIP: lab.VIP{Holders: []string{"a"}}, Nodes: []lab.Node{{Name: "a"}, {Name: "b"}, {Name: "c"}}},
	}}
	if got := rollingOrder(s, "web"); !slices.Equal(got, []string{"b", "c", "a"}) {
		t.Errorf("the order is %v", got)
	}
}

// What breaks nothing is measured whole; a roll is measured as a fault is, without a
// mending.
func TestPhasesOfWhatBreaksNothing(t *testing.T) {
	t.Parallel()
	want := map[outage.Kind][]outage.Phase{
		outage.KindStart:   {outage.PhaseFault, outage.PhaseFailback},
		outage.KindRolling: {outage.PhaseFault},
		outage.KindRest:    {outage.PhaseSoak},
	}
	for _, sc := range whole("web") {
		if got := sc.phases(); !slices.Equal(got, want[sc.Kind]) {
			t.Errorf("%s is measured in %v, not %v", sc.Name, got, want[sc.Kind])
		}
	}
}
