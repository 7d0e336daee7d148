package fault

import (
	"testing"
	"time"

	"halab/internal/problem"
)

// A stop that a killed halab had asked for is still on its way when a restore
// looks: everything runs, and yet it is mended.
func TestRestoreOfWhatIsOnItsWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	done := make(chan error, 1)
	go func() { done <- w.engine.ContainerStop(t.Context(), "n-01-app", grace) }()
	<-w.slow
	mended, err := w.inject.RestoreHealthy(t.Context(), w.look(), Scope{}, 5*time.Second, nil)
	if err != nil || len(mended) != 1 || mended[0].Service != "app" || mended[0].Action != "started" {
		t.Errorf("a restore did %v, %v", mended, err)
	}
	w.must(<-done)
	w.restored()
}

// Where nothing is broken and nothing is on its way, nothing is done.
func TestRestoreOfNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mended, err := w.inject.RestoreHealthy(t.Context(), w.look(), Scope{}, 5*time.Second, nil)
	if err != nil || len(mended) != 0 || len(w.changes()) != 0 {
		t.Errorf("a restore did %v by %v, %v", mended, w.changes(), err)
	}
}

// What nobody made is not waited for: only up makes it. What is there is mended.
func TestRestoreOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.engine.ContainerKill(t.Context(), "n-01-app", "KILL"))
	for _, gone := range []string{"n-02-app", "n-02-haproxy", "n-02-keepalived"} {
		w.must(w.engine.ContainerRemove(t.Context(), gone))
	}
	mended, err := w.inject.RestoreHealthy(t.Context(), w.look(), Scope{}, time.Hour, nil)
	want := "not there: app on n-02, haproxy on n-02, keepalived on n-02; restore starts what is down and makes nothing new\n" +
		"  make what is missing:  halab up"
	if got := problem.Of(err).Text(); got != want {
		t.Errorf("got %q, not %q", got, want)
	}
	if len(mended) != 1 || mended[0].Service != "app" {
		t.Errorf("a restore did %v", mended)
	}
	if _, err := w.inject.RestoreHealthy(t.Context(), w.look(), Scope{Nodes: []string{"n-01"}}, 5*time.Second, nil); err != nil {
		t.Errorf("what is missing elsewhere keeps a node from being restored: %v", err)
	}
}
