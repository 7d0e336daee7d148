package fault

import (
	"slices"
	"strings"
	"testing"

	"halab/internal/engine"
)

// A kill is SIGKILL by the engine, also of what is frozen; keepalived's family is
// killed from inside the node, where it can be done in one moment.
func TestKill(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	calls, err := w.do("app", "kill")
	if err != nil || !slices.Equal(calls, []string{"ContainerKill n-01-app SIGKILL"}) {
		t.Errorf("calls %q, %v", calls, err)
	}
	w.must(w.engine.ContainerPause(t.Context(), "n-01-haproxy"))
	if calls, err = w.do("haproxy", "kill"); err != nil || !slices.Equal(calls, []string{"ContainerKill n-01-haproxy SIGKILL"}) {
		t.Errorf("of a frozen one: calls %q, %v", calls, err)
	}
	calls, err = w.do("keepalived", "kill")
	if err != nil || len(calls) != 1 || !strings.HasPrefix(calls[0], "Exec n-01-node ") || !strings.HasSuffix(calls[0], "agent kill keepalived") {
		t.Errorf("calls %q, %v", calls, err)
	}
	w.restored()
}

// A crash ends everything on the node, what is frozen as well, and is mended node
// first.
func TestCrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.engine.ContainerPause(t.Context(), "n-01-app"))
	calls, err := w.do("crash")
	if err != nil || len(calls) != 3 || !strings.Contains(calls[0], `"fault":"freeze"`) {
		t.Fatalf("calls %q, %v: the node falls silent before anything of it ends", calls, err)
	}
	slices.Sort(calls[1:])
	if !slices.Equal(calls[1:], []string{"ContainerKill n-01-app SIGKILL", "ContainerKill n-01-node SIGKILL"}) {
		t.Errorf("calls %q", calls)
	}
	for _, service := range []string{"node", "app", "haproxy", "keepalived"} {
		if s := w.state("n-01-" + service); s != engine.StateExited {
			t.Errorf("%s is %s after a crash", service, s)
		}
	}
	if done := w.restored(); len(done) != 4 || done[0].Service != "node" {
		t.Errorf("a restore did %v", done)
	}
}
