package fault

import (
	"errors"
	"os"
	"testing"
	"time"

	"halab/internal/agentapi"
)

// Two faults of the app share a file, and each leaves alone.
func TestAppFaults(t *testing.T) {
	site := Site{run: t.TempDir()}
	yes := func() error { return nil }
	for _, r := range []agentapi.FaultRequest{
		{ID: "s", Fault: agentapi.FaultSlow, Delay: 500 * time.Millisecond},
		{ID: "e", Fault: agentapi.FaultError, Percent: 20},
	} {
		if _, err := applyFault(site, r, yes); err != nil {
			t.Fatal(err)
		}
	}
	if got := readAppFault(site); got != (agentapi.AppFault{SlowMs: 500, Percent: 20}) {
		t.Errorf("the app is told %+v", got)
	}
	if _, err := applyFault(site, agentapi.FaultRequest{ID: "s2", Fault: agentapi.FaultSlow, Delay: 1}, yes); err == nil {
		t.Error("two slow faults at once")
	}
	for id, want := range map[string]agentapi.AppFault{"s": {Percent: 20}} {
		if _, err := site.Undo(id); err != nil || readAppFault(site) != want {
			t.Errorf("without %s the app is told %+v, %v", id, readAppFault(site), err)
		}
	}
	if _, err := site.Undo("all"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(site.appFile()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the app's file: %v", err)
	}
}
