package fault

import (
	"slices"
	"strings"
	"testing"

	"halab/internal/engine"
	"halab/internal/topology"
)

// A service that is restarted runs again, and nothing else was touched.
func TestRestart(t *testing.T) {
	w := newWorld(t)
	calls, err := w.do("haproxy", "restart")
	if err != nil || len(calls) != 2 || !strings.HasPrefix(calls[0], "ContainerStop n-01-haproxy") || !strings.HasPrefix(calls[1], "ContainerStart n-01-haproxy") {
		t.Errorf("calls %q, %v", calls, err)
	}
	if s := w.state("n-01-haproxy"); s != engine.StateRunning {
		t.Errorf("HAProxy is %s", s)
	}
}

// A node that is restarted takes what joined it along: each runs again, the node
// before those that join it, and it is said.
func TestRestartOfANode(t *testing.T) {
	w := newWorld(t)
	o, err := Parse([]string{"node", "restart"})
	w.must(err)
	w.engine.Forget()
	done, err := w.inject.Inject(t.Context(), w.look(), []string{"n-01"}, nil, o)
	if err != nil || len(done) != 1 || len(done[0].Notes) != 1 || !strings.Contains(done[0].Notes[0], "app, haproxy, keepalived") {
		t.Fatalf("it says %+v, %v", done, err)
	}
	var started []string
	for _, c := range w.changes() {
		if name, is := strings.CutPrefix(c, "ContainerStart n-01-"); is {
			started = append(started, strings.Fields(name)[0])
		}
	}
	if len(started) != 4 || started[0] != "node" || !slices.Contains(started, "keepalived") {
		t.Errorf("started %q", started)
	}
	for _, service := range topology.Services() {
		if s := w.state("n-01-" + string(service)); s != engine.StateRunning {
			t.Errorf("%s is %s", service, s)
		}
	}
	if done := w.restored(); len(done) != 0 {
		t.Errorf("a restore found %v to mend", done)
	}
}
