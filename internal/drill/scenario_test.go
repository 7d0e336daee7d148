package drill

import (
	"strings"
	"testing"

	"halab/internal/topology"
)

func TestSelect(t *testing.T) {
	all := Scenarios([]string{"frontend", "backend"}, topology.ProfileFast)
	cases := []struct {
		names []string
		count int
		err   string
	}{
		{nil, 22, ""},
		{[]string{"frontend"}, 11, ""},
		{[]string{"haproxy-kill"}, 2, ""},
		{[]string{"backend/app-hang"}, 1, ""},
		{[]string{"frontend/haproxy-kill", "haproxy-kill"}, 2, ""},
		{[]string{"haproxy-kil"}, 0, "did you mean haproxy-kill"},
		{[]string{"frontnd"}, 0, "halab drill --list"},
	}
	for _, c := range cases {
		picked, err := Select(all, c.names)
		if len(picked) != c.count {
			t.Errorf("%v picks %d scenarios, wanted %d", c.names, len(picked), c.count)
		}
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%v: error %v, wanted %q", c.names, err, c.err)
		}
	}
}

// A lab that can't move a VIP on purpose is not drilled for it, unless it is asked
// for that alone; then the reason is given before anything is done.
func TestWhatALabCantDoIsLeftOut(t *testing.T) {
	all := Scenarios([]string{"frontend", "backend"}, topology.ProfileClassic)
	for _, c := range []struct {
		names []string
		count int
		err   string
	}{
		{nil, 20, ""},
		{[]string{"frontend"}, 10, ""},
		{[]string{"backend/switch"}, 0, "backend/switch can't be done on this lab: in profile classic keepalived follows no file"},
		{[]string{"haproxy-kill", "switch"}, 0, "frontend/switch can't be done on this lab"},
	} {
		picked, err := Select(all, c.names)
		if len(picked) != c.count || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%v picks %d scenarios, wanted %d; error %v, wanted %q", c.names, len(picked), c.count, err, c.err)
		}
	}
	if len(all) != 22 {
		t.Errorf("%d scenarios are listed, wanted all 22", len(all))
	}
}

func TestEveryScenarioBreaksAndMends(t *testing.T) {
	for _, s := range Scenarios([]string{"frontend"}, topology.ProfileFast) {
		if s.Description == "" || strings.Contains(s.Description, "%") {
			t.Errorf("%s is described as %q", s.Name, s.Description)
		}
		steps := s.steps("frontend-00")
		if len(steps) != 2 || steps[0].Fail == nil || steps[1].Restore == nil {
			t.Errorf("%s has the steps %+v", s.Name, steps)
		}
	}
}
