package fault

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
	site := Site{run: t.TempDir()}
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
