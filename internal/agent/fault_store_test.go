package agent

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"halab/internal/agentapi"
)

// Nothing is changed, and no record stays, where nobody says go.
func TestNothingWithoutConsent(t *testing.T) {
	site := faultSite{run: t.TempDir()}
	r := agentapi.FaultRequest{ID: "s", Fault: agentapi.FaultSlow, Delay: time.Second}
	for _, said := range []string{"", "stop\n"} {
		_, err := applyFault(site, r, func() error { return awaitGo(strings.NewReader(said), &strings.Builder{}) })
		if err == nil || !strings.Contains(err.Error(), "nothing was changed") {
			t.Errorf("%q: %v", said, err)
		}
		records, err := site.store().records()
		if _, there := os.Stat(site.appFile()); err != nil || len(records) > 0 || !errors.Is(there, os.ErrNotExist) {
			t.Errorf("%q left %v, %v", said, records, err)
		}
	}
}

// Two faults of the app share a file, and each leaves alone.
func TestAppFaults(t *testing.T) {
	site := faultSite{run: t.TempDir()}
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
		if _, err := undoFaults(site, id); err != nil || readAppFault(site) != want {
			t.Errorf("without %s the app is told %+v, %v", id, readAppFault(site), err)
		}
	}
	if _, err := undoFaults(site, "all"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(site.appFile()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the app's file: %v", err)
	}
}

// FuzzRecord: what stands in a record's place makes no name that leaves its
// folder.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"id":"loss-1","fault":"loss","percent":30}`))
	f.Add([]byte(`{"id":"../../etc/passwd"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := parseRecord(text); err == nil && (strings.ContainsAny(r.ID, "/.\x00") || r.ID == "") {
			t.Errorf("an id %q", r.ID)
		}
	})
}
