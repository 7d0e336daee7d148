package drill

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"halab/internal/fault"
	"halab/internal/outage"
	"halab/internal/problem"
	"halab/internal/topology"
)

// twoTiers is a lab of two clusters of two nodes.
func twoTiers(p topology.Profile) *topology.Lab {
	l := &topology.Lab{Profile: p}
	for _, c := range []string{"frontend", "backend"} {
		cluster := topology.Cluster{Name: c, VIP: topology.VIP{Name: c + "-00", Address: netip.MustParseAddr("192.168.99.10")}}
		for _, n := range []string{c + "-01", c + "-02"} {
			cluster.Nodes = append(cluster.Nodes, topology.Node{Name: n, Cluster: c})
		}
		l.Clusters = append(l.Clusters, cluster)
	}
	return l
}

func names(list []Scenario) []string {
	var all []string
	for _, s := range list {
		all = append(all, s.Name)
	}
	return all
}

func TestPick(t *testing.T) {
	t.Parallel()
	menu := NewMenu(twoTiers(topology.ProfileFast), nil)
	for _, c := range []struct {
		words []string
		count int
		has   string // one of them; or what the error says
		wrong bool
	}{
		{nil, 22, "frontend/switch", false},
		{[]string{"frontend"}, 11, "frontend/node-crash", false},
		{[]string{"haproxy-kill"}, 2, "backend/haproxy-kill", false},
		{[]string{"backend/app-hang"}, 1, "backend/app-hang", false},
		{[]string{"frontend/haproxy-kill", "haproxy-kill"}, 2, "frontend/haproxy-kill", false},
		{[]string{"loss"}, 2, "frontend/loss-30", false},
		{[]string{"loss-30"}, 2, "backend/loss-30", false},
		{[]string{"link-down"}, 2, "backend/link-down", false},
		{[]string{"frontend", "link down"}, 1, "frontend/link-down", false},
		{[]string{"frontend", "disk"}, 1, "frontend/disk", false},
		{[]string{"frontend-00", "haproxy kill"}, 1, "frontend-00/haproxy-kill", false},
		{[]string{"frontend-01", "loss 30", "backend-02", "drop vrrp in"}, 2, "backend-02/drop-vrrp-in", false},
		{[]string{"frontend-01", "partition backend --one-way"}, 1, "frontend-01/partition-backend", false},
		{[]string{"haproxy-kil"}, 0, "did you mean haproxy-kill", true},
		{[]string{"frontnd"}, 0, "halab drill --list", true},
		{[]string{"frontend-01"}, 0, "say what is done to it", true},
		{[]string{"frontend", "loss"}, 0, "loss needs PCT", true},
		{[]string{"frontend", "partition bakend"}, 0, "bakend", true},
		{[]string{"frontend-01", "loss 300"}, 0, "is no share", true},
	} {
		picked, err := menu.Pick(c.words)
		switch {
		case c.wrong && !strings.Contains(problem.Of(err).Text(), c.has):
			t.Errorf("%q: error %v, wanted %q", c.words, err, c.has)
		case !c.wrong && (err != nil || len(picked) != c.count || !slices.Contains(names(picked), c.has)):
			t.Errorf("%q picks %d scenarios, wanted %d with %s: %v, %v", c.words, len(picked), c.count, c.has, names(picked), err)
		}
	}
}

// A lab that can't do a thing is not drilled for it, unless it is asked for that
// alone; then the reason is given before anything is done.
func TestWhatALabCantDoIsLeftOut(t *testing.T) {
	t.Parallel()
	menu := NewMenu(twoTiers(topology.ProfileClassic), nil)
	for _, c := range []struct {
		words []string
		count int
		err   string
	}{
		{nil, 20, ""},
		{[]string{"frontend"}, 10, ""},
		{[]string{All}, len(menu.Scenarios()) - 4, ""}, // no switch and no plug, in either cluster
		{[]string{"backend/switch"}, 0, "backend/switch can't be done on this lab: in profile classic keepalived follows no file"},
		{[]string{"haproxy-kill", "switch"}, 0, "frontend/switch can't be done on this lab"},
		{[]string{"node-poweroff"}, 0, "its nodes are no machines of Vagrant's"},
	} {
		picked, err := menu.Pick(c.words)
		if len(picked) != c.count || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%v picks %d scenarios, wanted %d; error %v, wanted %q", c.words, len(picked), c.count, err, c.err)
		}
	}
}

// Every fault of the catalogue stands in the list, described, and what it breaks it
// mends; a switch mends nothing.
func TestEveryFaultIsListed(t *testing.T) {
	t.Parallel()
	all := NewMenu(twoTiers(topology.ProfileFast), nil).Scenarios()
	for _, o := range fault.Drills("frontend") {
		if !slices.ContainsFunc(all, func(s Scenario) bool { return s.Kind == outage.Kind(o.Drill()) && s.Cluster == "frontend" }) {
			t.Errorf("%s is not listed for the frontend", o.Drill())
		}
	}
	kinds := map[string]bool{}
	for _, s := range all {
		if s.Description == "" || strings.Contains(s.Description, "%") || !strings.Contains(s.Description, s.Cluster) {
			t.Errorf("%s is described as %q", s.Name, s.Description)
		}
		first := s.Steps[0]
		if breaks := len(s.Steps) == 2 && first.Fail != nil && s.Steps[1].Restore != nil; breaks == (first.Switch || first.Rolling || first.Rest > 0) {
			t.Errorf("%s has the steps %+v", s.Name, s.Steps)
		}
		if kinds[s.Name] {
			t.Errorf("%s is listed twice", s.Name)
		}
		kinds[s.Name] = true
	}
	for _, kind := range usual() {
		if !kinds["frontend/"+string(kind)] {
			t.Errorf("%s is run where nothing is named, and there is none", kind)
		}
	}
}
