package plan

import (
	"net/netip"
	"strings"
	"testing"

	"halab/internal/engine"
)

// small is a lab of one node with one service.
func small() Wanted {
	return Wanted{
		HostNetwork: true,
		Networks:    []engine.Network{{Name: "l_net", Driver: "macvlan", Subnets: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}},
		Volumes:     []engine.Volume{{Name: "l_run"}},
		Containers: []engine.ContainerSpec{
			{Name: "l-n1", Image: "node", NetworkMode: "l_net", Mounts: []engine.Mount{{Type: "volume", Source: "l_run", Target: "/run/halab"}}},
			{Name: "l-n1-haproxy", Image: "haproxy", NetworkMode: "container:l-n1", PIDMode: "container:l-n1"},
		},
	}
}

// after is what an engine has once the whole plan for w was executed.
func after(w Wanted) Observed {
	var o Observed
	for i, spec := range w.Containers {
		spec = labelledContainer(spec)
		o.Containers = append(o.Containers, engine.Container{
			ID: "id" + string(rune('0'+i)), Name: spec.Name, State: engine.StateRunning, Labels: spec.Labels,
		})
	}
	for _, n := range w.Networks {
		o.Networks = append(o.Networks, labelledNetwork(n))
	}
	o.Volumes = w.Volumes
	return o
}

// lines renders a plan without its padding.
func lines(p Plan) string {
	var out []string
	for _, s := range p.Steps {
		out = append(out, string(s.Action)+" "+s.Subject+": "+s.Cause)
	}
	return strings.Join(out, "\n")
}

func check(t *testing.T, p Plan, want ...string) {
	t.Helper()
	if got := lines(p); got != strings.Join(want, "\n") {
		t.Errorf("plan:\n%s\nwanted:\n%s", got, strings.Join(want, "\n"))
	}
	for i, s := range p.Steps {
		for _, a := range s.After {
			if a >= i {
				t.Errorf("step %d (%s %s) needs the later step %d", i, s.Action, s.Subject, a)
			}
		}
	}
}

// needs fails unless the step of action and subject waits, directly or not, for
// the other.
func needs(t *testing.T, p Plan, step, other string) {
	t.Helper()
	at := map[string]int{}
	for i, s := range p.Steps {
		at[string(s.Action)+" "+s.Subject] = i
	}
	var reach func(i int) bool
	reach = func(i int) bool {
		for _, a := range p.Steps[i].After {
			if a == at[other] || reach(a) {
				return true
			}
		}
		return false
	}
	if !reach(at[step]) {
		t.Errorf("%q does not wait for %q in\n%s", step, other, p)
	}
}

func TestEmptyEngine(t *testing.T) {
	p := Make(small(), Observed{})
	check(t, p,
		"make host interfaces of the engine's host: the lab's network needs its parent, the host its leg",
		"create volume l_run: it is not there",
		"create network l_net: it is not there",
		"create container l-n1: it is not there",
		"start container l-n1: it is new",
		"create container l-n1-haproxy: it is not there",
		"start container l-n1-haproxy: it is new",
	)
	needs(t, p, "start container l-n1", "create network l_net")
	needs(t, p, "start container l-n1-haproxy", "start container l-n1")
	needs(t, p, "create container l-n1", "create volume l_run")
}

func TestNothingToDo(t *testing.T) {
	w := small()
	w.HostNetwork = false
	if p := Make(w, after(w)); !p.Empty() || p.String() != "nothing to do\n" {
		t.Errorf("a second up would do\n%s", p)
	}
}

func TestMending(t *testing.T) {
	cases := []struct {
		name   string
		change func(*Wanted, *Observed)
		want   []string
	}{
		{"a stopped service is started", func(_ *Wanted, o *Observed) { o.Containers[1].State = engine.StateExited },
			[]string{"start container l-n1-haproxy: it is stopped"}},
		{"a frozen service is thawed", func(_ *Wanted, o *Observed) { o.Containers[1].State = engine.StatePaused },
			[]string{"unpause container l-n1-haproxy: it is frozen"}},
		{"services start again with their node", func(_ *Wanted, o *Observed) { o.Containers[0].State = engine.StateExited },
			[]string{"start container l-n1: it is stopped", "start container l-n1-haproxy: its node starts"}},
		{"a changed service is made anew, its node stays", func(w *Wanted, _ *Observed) { w.Containers[1].Image = "haproxy:2" },
			[]string{
				"remove container l-n1-haproxy: its description or its image changed",
				"create container l-n1-haproxy: its description or its image changed",
				"start container l-n1-haproxy: it is new",
			}},
		{"a lost node takes its services along", func(_ *Wanted, o *Observed) { o.Containers = o.Containers[1:] },
			[]string{
				"create container l-n1: it is not there",
				"remove container l-n1-haproxy: the node it joins is new",
				"start container l-n1: it is new",
				"create container l-n1-haproxy: the node it joins is new",
				"start container l-n1-haproxy: it is new",
			}},
		{"an up that was cut short left a new node with old services", func(_ *Wanted, o *Observed) { o.Containers[1].Joins = "gone" },
			[]string{
				"remove container l-n1-haproxy: the node it joins is new",
				"create container l-n1-haproxy: the node it joins is new",
				"start container l-n1-haproxy: it is new",
			}},
		{"a service that joined its node stays", func(_ *Wanted, o *Observed) { o.Containers[1].Joins = o.Containers[0].ID }, nil},
		{"a forgotten helper goes", func(_ *Wanted, o *Observed) {
			o.Containers = append(o.Containers, engine.Container{ID: "h", Name: "l-helper-up", Labels: map[string]string{engine.LabelService: "helper"}})
		}, []string{"remove container l-helper-up: a helper that was left behind"}},
		{"a dead container is replaced", func(_ *Wanted, o *Observed) { o.Containers[1].State = engine.StateDead },
			[]string{
				"remove container l-n1-haproxy: the engine calls it dead",
				"create container l-n1-haproxy: the engine calls it dead",
				"start container l-n1-haproxy: it is new",
			}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := small()
			w.HostNetwork = false
			o := after(w)
			c.change(&w, &o)
			check(t, Make(w, o), c.want...)
		})
	}
}

func TestChangedNetworkRenewsAll(t *testing.T) {
	w := small()
	w.HostNetwork = false
	o := after(w)
	w.Networks[0].Options = map[string]string{"parent": "eth0"}
	p := Make(w, o)
	needs(t, p, "remove network l_net", "remove container l-n1")
	needs(t, p, "create network l_net", "remove network l_net")
	needs(t, p, "start container l-n1", "create network l_net")
	needs(t, p, "create container l-n1-haproxy", "remove container l-n1-haproxy")
}

func TestStrangersGoBeforeNewContainers(t *testing.T) {
	w := small()
	o := Observed{Containers: []engine.Container{{
		ID: "x", Name: "compose_n1_1", State: engine.StateRunning,
		Labels: map[string]string{"com.docker.compose.project": "compose"},
	}}}
	p := Make(w, o)
	needs(t, p, "create container l-n1", "remove container compose_n1_1")
	if !strings.Contains(p.String(), "# Compose made it, and halab makes its own") {
		t.Errorf("the cause is missing in\n%s", p)
	}
}

func TestRemove(t *testing.T) {
	w := small()
	p := Remove(after(w))
	check(t, p,
		"remove container l-n1: the lab goes down",
		"remove container l-n1-haproxy: the lab goes down",
		"remove network l_net: the lab goes down",
		"remove volume l_run: the lab goes down",
	)
	needs(t, p, "remove network l_net", "remove container l-n1-haproxy")
}

// What is on a network without its parent has no interface any more, and an
// engine that started meanwhile does not know the network: all is made anew.
func TestParentThatIsGone(t *testing.T) {
	w := small()
	o := after(w)
	w.ParentGone = true
	for _, state := range []engine.State{engine.StateRunning, engine.StateExited} {
		for i := range o.Containers {
			o.Containers[i].State = state
		}
		p := Make(w, o)
		check(t, p,
			"make host interfaces of the engine's host: the lab's network needs its parent, the host its leg",
			"remove container l-n1: its network is made anew",
			"remove container l-n1-haproxy: its network is made anew",
			"remove network l_net: the interface under it is gone",
			"create container l-n1: its network is made anew",
			"create network l_net: the interface under it is gone",
			"create container l-n1-haproxy: its network is made anew",
			"start container l-n1: it is new",
			"start container l-n1-haproxy: it is new",
		)
		needs(t, p, "remove network l_net", "remove container l-n1")
		needs(t, p, "start container l-n1", "create network l_net")
	}
}

// Of a host that can't be looked into it is not known what it lacks: nodes wait
// until that is made.
func TestNetworkThatMayLackItsParent(t *testing.T) {
	w := small()
	o := after(w)
	o.Containers = nil
	needs(t, Make(w, o), "start container l-n1", "make host interfaces of the engine's host")
}
