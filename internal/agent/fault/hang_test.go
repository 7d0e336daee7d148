package fault

import (
	"strings"
	"testing"

	"halab/internal/agent/agenttest"
	"halab/internal/agentapi"
)

// A hang stops all processes of one service and of no other.
func TestHang(t *testing.T) {
	if !room(t) {
		return
	}
	site := Site{run: t.TempDir()}
	app, first, second := victim(t, "gunicorn"), victim(t, "keepalived"), victim(t, "keepalived")
	undo := does(t, site, agentapi.FaultRequest{Fault: agentapi.FaultHang, Service: "keepalived"})
	if a, b, other := stateOf(first), stateOf(second), stateOf(app); a != 'T' || b != 'T' || other != 'S' {
		t.Errorf("keepalived is in states %c and %c, the app in %c", a, b, other)
	}
	undo()
	agenttest.Await(t, "keepalived goes on", func() bool { return stateOf(first) == 'S' && stateOf(second) == 'S' })
}

// What does not run can't hang.
func TestHangOfNothing(t *testing.T) {
	if !room(t) {
		return
	}
	_, err := applyFault(Site{run: t.TempDir()}, agentapi.FaultRequest{ID: "h", Fault: agentapi.FaultHang, Service: "haproxy"}, func() error { return nil })
	if err == nil || !strings.Contains(err.Error(), "no process of haproxy") {
		t.Errorf("it was done: %v", err)
	}
}
