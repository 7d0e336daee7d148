package e2e

import (
	"fmt"
	"halab/internal/effect"
	"halab/internal/fault"
	"slices"
	"strings"
	"testing"
	"time"
)

// What becomes of a cluster's VIP when something breaks.
type fate string

const (
	stays fate = "stays"
	moves fate = "moves"
	// doubles: the old holder keeps the address on its interface and the other
	// node takes it as well. That is what happens in earnest.
	doubles fate = "doubles"
)

// fateOf is what an effect on the VIP's holder comes to.
func fateOf(e effect.Effect) fate {
	switch {
	case e.Keeps, e.Splits:
		return doubles
	case e.Moves:
		return moves
	}
	return stays
}

// serviceFault is what `--how` does to a service, and what that does to the VIP if
// it is done to its holder. Done to the other node it never does anything to it.
type serviceFault struct {
	service, how string
	onHolder     fate
	state        string // of the service's container afterwards
}

// serviceFaults are those of the catalogue, but for what takes a plug, and what is
// over once it was done (TestReload, TestRestart).
func serviceFaults() []serviceFault {
	var list []serviceFault
	for _, o := range fault.Drills("client") {
		how := o.Kind.Name
		if !slices.Contains(fault.HowsOf(o.Service), how) || o.TakesPower() || o.Effect().Passes() {
			continue
		}
		f := serviceFault{string(o.Service), how, fateOf(o.Effect()), "exited"}
		if o.Effect().Silent {
			f.state = "paused"
		}
		list = append(list, f)
	}
	return list
}

// on says what a command did it to.
func (f serviceFault) on(node string) string {
	if f.service == "node" {
		return node
	}
	return f.service + " on " + node
}

func TestFailOnTheHolder(t *testing.T) {
	for _, cluster := range []string{"frontend", "backend"} {
		for _, f := range serviceFaults() {
			// The backend has the same configuration: one fault for each fate
			// and way will do.
			if cluster == "backend" && f.how == "stop" && f.service != "haproxy" {
				continue
			}
			t.Run(fmt.Sprintf("%s %s %s", cluster, f.service, f.how), func(t *testing.T) {
				lab := Shared(t)
				holder := lab.HolderOf(t, cluster)
				r := lab.Run(t, "fail", cluster+"-00", f.service, "--how", f.how)
				Says(t, r, f.on(holder), cluster+"-00")
				lab.checkFate(t, cluster, holder, f.onHolder)
				lab.checkFailed(t, holder, f.service, f.state)
				if f.onHolder == moves && !strings.Contains(r.Stdout, "held by "+Other(holder)) {
					t.Errorf("fail does not say that %s holds the VIP now:\n%s", Other(holder), r)
				}
				if f.onHolder != doubles {
					lab.Serves(t, 4, 5*time.Second)
				}
				lab.Run(t, "restore")
				lab.AwaitReady(t, time.Second)
				if f.onHolder == moves {
					lab.AwaitHolder(t, cluster, Other(holder), time.Second) // mending costs nothing
				}
				lab.Serves(t, 4, time.Second)
			})
		}
	}
}

func TestFailOnTheBackup(t *testing.T) {
	for _, f := range serviceFaults() {
		cluster := "frontend"
		if f.how == "hang" {
			cluster = "backend"
		}
		t.Run(fmt.Sprintf("%s %s %s", cluster, f.service, f.how), func(t *testing.T) {
			lab := Shared(t)
			holder := lab.HolderOf(t, cluster)
			r := lab.Run(t, "fail", Other(holder), f.service, "--how", f.how)
			Says(t, r, f.on(Other(holder)), "still held by "+holder)
			lab.checkFate(t, cluster, holder, stays)
			lab.checkFailed(t, Other(holder), f.service, f.state)
			lab.Serves(t, 4, 5*time.Second)
			lab.Run(t, "restore", Other(holder))
			lab.AwaitReady(t, time.Second)
			lab.AwaitHolder(t, cluster, holder, time.Second)
		})
	}
}

// checkFate asserts who holds the VIP now, and goes on to.
func (l *Lab) checkFate(t testing.TB, cluster, holder string, want fate) {
	t.Helper()
	heirs := map[fate][]string{
		stays: {holder}, moves: {Other(holder)}, doubles: {holder, Other(holder)},
	}[want]
	slices.Sort(heirs)
	Eventually(t, 3*time.Second, fmt.Sprintf("the VIP of %s, held by %s, %s", cluster, holder, want), func() (bool, string) {
		holders := l.Status(t).Holders(cluster)
		return slices.Equal(holders, heirs), fmt.Sprint("holders ", holders)
	})
}

// checkFailed asserts that the broken part is shown as broken, and nothing else
// on its node. The engine may need a moment to notice a death.
func (l *Lab) checkFailed(t testing.TB, node, service, state string) {
	t.Helper()
	Eventually(t, 3*time.Second, fmt.Sprintf("%s on %s is %s and nothing else", service, node, state), func() (bool, string) {
		s := l.Status(t)
		n := s.Node(node)
		if s.Ready || service == "node" && n.State != state {
			return false, fmt.Sprintf("ready %v, node %s", s.Ready, n.State)
		}
		for name, is := range n.Services {
			want := "running"
			if name == service {
				want = state
			}
			if service != "node" && is != want {
				return false, fmt.Sprintf("%s is %s, should be %s", name, is, want)
			}
		}
		return true, ""
	})
}

// A target may be a whole cluster: then the service fails on all its nodes, and
// what the other tier serves says so.
func TestFailOnACluster(t *testing.T) {
	lab := Shared(t)
	r := lab.Run(t, "fail", "--how=kill", "backend", "app")
	Says(t, r, "app on backend-01", "app on backend-02")
	Eventually(t, 5*time.Second, "the frontend answers, with no backend", func() (bool, string) {
		body, err := lab.Get("/frontend", 2*time.Second)
		return err == nil && strings.Contains(body, `"backend":null`), fmt.Sprint(body, err)
	})
	lab.Run(t, "restore", "backend", "app")
	lab.Serves(t, 4, 5*time.Second)
}

// Faults add up, and one restore mends them all.
func TestRestoreMendsEverything(t *testing.T) {
	lab := Shared(t)
	lab.Run(t, "fail", "frontend-01", "node", "--how", "kill")
	lab.Run(t, "fail", "frontend-02", "app", "--how", "hang")
	lab.Run(t, "fail", "backend-02", "keepalived", "--how", "kill")
	lab.Run(t, "fail", "backend-01", "haproxy")
	r := lab.Run(t, "restore")
	for _, part := range []string{"node on frontend-01", "app on frontend-02", "keepalived on backend-02", "haproxy on backend-01"} {
		Says(t, r, part)
	}
	lab.AwaitReady(t, time.Second)
	lab.Serves(t, 4, time.Second)
}

// A restore of one thing leaves the other faults as they are.
func TestRestoreOfOneThing(t *testing.T) {
	lab := Shared(t)
	lab.Run(t, "fail", "backend-01", "app")
	lab.Run(t, "fail", "backend-02", "app")
	lab.Run(t, "restore", "backend-01", "app")
	s := lab.Status(t)
	if a, b := s.Node("backend-01").Services["app"], s.Node("backend-02").Services["app"]; a != "running" || b != "exited" {
		t.Errorf("app on backend-01 is %s, on backend-02 %s", a, b)
	}
}

func TestRestoreOfAHealthyLab(t *testing.T) {
	lab := Shared(t)
	Says(t, lab.Run(t, "restore"), "nothing was broken", "healthy")
}

// A service that is down already cannot fail; the message says how to mend it.
func TestFailWhatIsDownAlready(t *testing.T) {
	lab := Shared(t)
	lab.Run(t, "fail", "frontend-01", "app")
	for _, how := range []string{"stop", "kill", "hang"} {
		lab.Refuse(t, 1, []string{"app on frontend-01", "down already", "halab restore frontend-01 app"},
			"fail", "frontend-01", "app", "--how", how)
	}
	lab.Run(t, "restore")
	lab.Run(t, "fail", "frontend-01", "app", "--how", "hang")
	lab.Refuse(t, 1, []string{"frozen already"}, "fail", "frontend-01", "app", "--how", "hang")
}

// A planned move, there and back, costs no request and never leaves two holders.
func TestSwitch(t *testing.T) {
	lab := Shared(t)
	for _, cluster := range []string{"frontend", "backend"} {
		holder := lab.HolderOf(t, cluster)
		Says(t, lab.Run(t, "switch", cluster), Other(holder))
		lab.AwaitHolder(t, cluster, Other(holder), time.Second)
		lab.AwaitReady(t, 5*time.Second)
		lab.Run(t, "switch", cluster, holder)
		lab.AwaitHolder(t, cluster, holder, time.Second)
		lab.AwaitReady(t, 5*time.Second)
		lab.Serves(t, 4, time.Second)
	}
}
