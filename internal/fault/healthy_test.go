package fault

import (
	"context"
	"strings"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine/enginetest"
)

// A server that HAProxy is about to take for down is not well yet: the check that
// decides may have begun before the mending.
func TestWaveringServerIsNotHealthy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	says := func(server string) {
		w.says("n-02", agentapi.State{Link: "up", HAProxy: "up", VRRP: "BACKUP", Servers: map[string]string{"n-01": server, "n-02": "UP"}})
	}
	says("UP 1/2")
	_, err := w.inject.WaitHealthy(t.Context(), Scope{}, 400*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "HAProxy on n-02 has n-01 as UP 1/2") {
		t.Errorf("%v", err)
	}
	says("UP")
	if _, err := w.inject.WaitHealthy(t.Context(), Scope{}, time.Minute); err != nil {
		t.Error(err)
	}
}

// A lab that is well for a moment only is not healthy: what a node says of HAProxy's
// servers may be older than what has just been undone.
func TestHealthyForAWhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.engine.Forget()
	w.engine.Hooks.Before = func(_ context.Context, call enginetest.Call) error {
		if call.Method == "Logs" && call.Target == "n-02-node" {
			time.AfterFunc(20*time.Millisecond, func() {
				w.says("n-02", agentapi.State{Link: "up", HAProxy: "up", VRRP: "BACKUP", Servers: map[string]string{"n-01": "DOWN", "n-02": "UP"}})
			})
		}
		return nil
	}
	if _, err := w.inject.WaitHealthy(t.Context(), Scope{}, 400*time.Millisecond); err == nil || !strings.Contains(err.Error(), "HAProxy on n-02 has n-01 as DOWN") {
		t.Errorf("%v", err)
	}
	if n := len(w.engine.CallsOf("Containers")); n != 1 {
		t.Errorf("the lab was listed %d times, and once is enough to follow it", n)
	}
}
