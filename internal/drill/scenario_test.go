package drill

import (
	"strings"
	"testing"
)

func TestSelect(t *testing.T) {
	all := Scenarios([]string{"frontend", "backend"})
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

func TestEveryScenarioBreaksAndMends(t *testing.T) {
	for _, s := range Scenarios([]string{"frontend"}) {
		if s.Description == "" || strings.Contains(s.Description, "%") {
			t.Errorf("%s is described as %q", s.Name, s.Description)
		}
		steps := s.steps("frontend-00")
		if len(steps) != 2 || steps[0].Fail == nil || steps[1].Restore == nil {
			t.Errorf("%s has the steps %+v", s.Name, steps)
		}
	}
}
