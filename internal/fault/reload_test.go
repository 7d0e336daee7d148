package fault

import (
	"strings"
	"testing"
	"time"

	"halab/internal/engine"
)

// A reload is done inside the node, ends nothing, and leaves nothing to undo.
func TestReload(t *testing.T) {
	w := newWorld(t)
	for _, service := range []string{"haproxy", "keepalived"} {
		calls, err := w.do(service, "reload")
		if err != nil || len(calls) != 1 || !strings.HasPrefix(calls[0], "Exec n-01-node") || !strings.Contains(calls[0], "reload "+service) {
			t.Errorf("%s: calls %q, %v", service, calls, err)
		}
		if s := w.state("n-01-" + service); s != engine.StateRunning || w.listed(service) != "" {
			t.Errorf("after a reload %s is %s and listed as %q", service, s, w.listed(service))
		}
	}
	if done := w.restored(); len(done) != 0 {
		t.Errorf("a restore found %v to mend", done)
	}
	if _, err := Parse([]string{"app", "reload"}); err == nil || !strings.Contains(err.Error(), "stop, kill, hang, restart") {
		t.Errorf("the reload of an app: %v", err)
	}
}

// What is over once it was done has no time to end at, and what does not run reads
// no file.
func TestReloadIsRefused(t *testing.T) {
	w := newWorld(t)
	for _, words := range [][]string{{"haproxy", "reload"}, {"node", "restart"}} {
		o, err := Parse(words)
		w.must(err)
		o.For = time.Second
		if err := o.Check(); err == nil || !strings.Contains(err.Error(), "nothing to end") {
			t.Errorf("%v --for 1s: %v", words, err)
		}
	}
	_, err := w.do("haproxy", "stop")
	w.must(err)
	if _, err := w.do("haproxy", "reload"); err == nil || !strings.Contains(err.Error(), "down already") {
		t.Errorf("a HAProxy that is down: %v", err)
	}
}
