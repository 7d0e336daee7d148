package cli

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/engine/enginetest"
)

// An answer through both tiers is not the whole lab: HAProxy may take the second
// app for down for another second.
func TestUpWaitsForEveryServer(t *testing.T) {
	t.Parallel()
	for _, view := range []string{"DOWN", "UP 1/2", "UP not checked yet"} {
		w := newWorld(t).buildable()
		w.Servers = view
		r := w.run("up", "--base", "debian12", "--timeout", "400ms", "--verbose")
		for _, want := range []string{"halab: the lab is not whole after 400ms: ", "HAProxy on frontend-01 has frontend-02 as " + view,
			"waiting: HAProxy on frontend-01 has frontend-01 as " + view, "halab status"} {
			if r.code != exitFailed || !strings.Contains(r.stderr, want) {
				t.Errorf("exit %d, not said: %q\n%s%s", r.code, want, r.stdout, r.stderr)
			}
		}
		if asked := len(w.Engine.CallsOf("Exec")); asked != 0 {
			t.Errorf("%d requests were made before the lab was whole", asked)
		}
		w.Servers = "UP"
		w.Report()
		if r = w.run("up", "--base", "debian12", "--timeout", "10s"); r.code != 0 || len(w.Engine.CallsOf("Exec")) == 0 {
			t.Errorf("a lab that is whole: exit %d\n%s", r.code, r.stderr)
		}
	}
}

// A server whose line in haproxy.cfg has no check is up: nobody will ever find it
// otherwise.
func TestUncheckedByDesignIsUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Servers = "no check"
	w.up()
	if r := w.run("status"); !strings.Contains(r.stdout, ": ready") || !strings.Contains(r.stdout, "2/2 up") {
		t.Errorf("exit %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

// A service that ends as soon as it is started never serves: up says so at once,
// after it has tried a second time, in the service's own words.
func TestUpEndsWithAServiceThatEnds(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"app", "haproxy", "keepalived"} {
		w := newWorld(t).buildable()
		starts := 0
		w.Engine.Hooks.Program = func(spec engine.ContainerSpec) enginetest.Program {
			if spec.Labels[engine.LabelService] != service || spec.Labels[engine.LabelNode] != "backend-02" {
				return w.Program(spec)
			}
			return func(_ context.Context, p enginetest.Process) int {
				starts++
				fmt.Fprintln(p.Stderr, "unknown word in line 7")
				return 5
			}
		}
		begin := time.Now()
		r := w.run("up", "--base", "debian12")
		for _, want := range []string{"halab: " + service + " on backend-02 must run, and ended with exit code 5", "\n  | unknown word in line 7\n",
			"halab logs backend-02 " + service, "halab up"} {
			if r.code != exitFailed || !strings.Contains(r.stderr, want) {
				t.Errorf("exit %d, not said: %q\n%s%s", r.code, want, r.stdout, r.stderr)
			}
		}
		if took := time.Since(begin); took > 10*time.Second || starts != 2 {
			t.Errorf("%d starts in %s", starts, took)
		}
	}
}

// What a killed halab had asked the engine to stop ends once, just after it was
// seen to run: up starts it again.
func TestUpStartsAgainWhatEndedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).buildable()
	starts := 0
	w.Engine.Hooks.Program = func(spec engine.ContainerSpec) enginetest.Program {
		if spec.Name != "halab-frontend-01-app" {
			return w.Program(spec)
		}
		return func(ctx context.Context, p enginetest.Process) int {
			if starts++; starts == 1 {
				return 0
			}
			select {
			case <-ctx.Done():
			case <-p.Signals:
			}
			return 0
		}
	}
	if r := w.run("up", "--base", "debian12"); r.code != 0 || starts != 2 {
		t.Errorf("exit %d after %d starts\n%s", r.code, starts, r.stderr)
	}
}

// A fault that somebody made and nobody ends keeps a lab from being whole, however
// long up waits.
func TestUpNamesAFaultThatStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t).buildable()
	w.Break("backend-01", agentapi.Fault{Fault: agentapi.FaultLinkDown})
	r := w.run("up", "--base", "debian12")
	if r.code != exitFailed || !strings.Contains(r.stderr, "halab: the lab is up and not whole: link down is done to backend-01") || !strings.Contains(r.stderr, "halab restore") {
		t.Errorf("exit %d\n%s", r.code, r.stderr)
	}
}
