package fault

import (
	"slices"
	"strings"
	"testing"

	"halab/internal/engine"
	"halab/internal/problem"
)

// A stop asks a service to end; what is down already can't be stopped.
func TestStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	calls, err := w.do("haproxy", "stop")
	if err != nil || len(calls) != 1 || !strings.HasPrefix(calls[0], "ContainerStop n-01-haproxy") {
		t.Errorf("calls %q, %v", calls, err)
	}
	if s := w.state("n-01-haproxy"); s != engine.StateExited || w.listed("haproxy") != "down" {
		t.Errorf("HAProxy is %s and listed as %q", s, w.listed("haproxy"))
	}
	if _, err := w.do("haproxy", "stop"); !strings.Contains(problem.Of(err).Text(), "halab restore n-01 haproxy") {
		t.Errorf("a second stop: %v", err)
	}
	if done := w.restored(); len(done) != 1 || done[0].Action != "started" {
		t.Errorf("a restore did %v", done)
	}
}

// A shutdown ends keepalived before what it stands for, and the machine last;
// what is frozen is thawed to hear of it.
func TestShutdown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.engine.ContainerPause(t.Context(), "n-01-app"))
	calls, err := w.do("shutdown")
	if err != nil {
		t.Fatal(err)
	}
	var stopped []string
	for _, c := range calls {
		if name, is := strings.CutPrefix(c, "ContainerStop n-01-"); is {
			name, _, _ = strings.Cut(name, " ")
			stopped = append(stopped, name)
		}
	}
	if len(stopped) != 4 || stopped[0] != "keepalived" || stopped[3] != "node" || !slices.ContainsFunc(calls, func(c string) bool { return strings.HasPrefix(c, "ContainerUnpause n-01-app") }) {
		t.Errorf("calls %q", calls)
	}
	if w.listed("node") != "down" || w.listed("app") != "" {
		t.Error("a node that is down is listed once, without its services")
	}
	w.restored()
}
