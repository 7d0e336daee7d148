package fault

import (
	"strings"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/internal/lab"
)

// A server that HAProxy is about to take for down is not well yet: the check that
// decides may have begun before the mending.
func TestWaveringServerIsNotHealthy(t *testing.T) {
	w := newWorld(t)
	says := func(server string) {
		w.says("n-02", agentapi.State{Link: "up", HAProxy: "up", VRRP: "BACKUP", Servers: map[string]string{"n-01": server, "n-02": "UP"}})
	}
	says("UP 1/2")
	_, err := w.inject.WaitHealthy(t.Context(), Scope{}, 4*lab.PollEvery)
	if err == nil || !strings.Contains(err.Error(), "HAProxy on n-02 has n-01 as UP 1/2") {
		t.Errorf("%v", err)
	}
	says("UP")
	if _, err := w.inject.WaitHealthy(t.Context(), Scope{}, time.Minute); err != nil {
		t.Error(err)
	}
}

// One look may be at what a node said before; the next one is not.
func TestHealthyTwice(t *testing.T) {
	w := newWorld(t)
	w.engine.Forget()
	if _, err := w.inject.WaitHealthy(t.Context(), Scope{}, time.Minute); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, c := range w.engine.Calls() {
		if c.Method == "Containers" {
			n++
		}
	}
	if n != 2 {
		t.Errorf("the lab was looked at %d times", n)
	}
}
