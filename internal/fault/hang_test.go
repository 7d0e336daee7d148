package fault

import (
	"slices"
	"strings"
	"testing"

	"halab/internal/engine"
)

// The engine's freezer holds a service that hangs for as long as nobody restores
// it; with a time to end at, or of a whole node, the agent does it.
func TestHang(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	calls, err := w.do("haproxy", "hang")
	if err != nil || !slices.Equal(calls, []string{"ContainerPause n-01-haproxy"}) {
		t.Errorf("calls %q, %v", calls, err)
	}
	if s := w.state("n-01-haproxy"); s != engine.StatePaused || w.listed("haproxy") != "hang" {
		t.Errorf("HAProxy is %s and listed as %q", s, w.listed("haproxy"))
	}
	if _, err := w.do("haproxy", "stop"); err == nil || !strings.Contains(err.Error(), "frozen already") {
		t.Errorf("a stop of what is frozen: %v", err)
	}
	if done := w.restored(); len(done) != 1 || done[0].Action != "thawed" {
		t.Errorf("a restore did %v", done)
	}
	o, err := Parse([]string{"node", "hang"})
	if err != nil || !o.Inside() {
		t.Errorf("a node that hangs is the agent's: %v, %v", o.Inside(), err)
	}
}
