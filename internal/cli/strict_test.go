package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"halab/internal/outage"
)

// A measurement outside its prediction ends with code 3 where that was asked for, and
// the answer says which.
func TestReportStrict(t *testing.T) {
	t.Parallel()
	r := outage.Result{Schema: outage.Schema, Scenarios: []outage.ScenarioResult{{
		Name: "frontend/switch", Kind: outage.KindSwitch,
		Runs: []outage.Run{{Number: 1, Phases: []outage.Analysis{{
			Phase: outage.PhaseFault, Valid: true, Streams: []outage.Stream{{Name: "edge", OutageLongestMs: 90, FloorMs: 2}},
		}}}},
		Predictions: []outage.Prediction{{Metric: "edge.outage", MaxMs: 5}},
	}}}
	s := &r.Scenarios[0]
	saved := func() string {
		s.Summary, s.Flags = outage.Summarise(*s), outage.Flags(*s, s.Predictions)
		path := filepath.Join(t.TempDir(), "drill.json")
		b, err := json.Marshal(r)
		if err == nil {
			err = os.WriteFile(path, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	run := func(args ...string) (int, string) {
		var out, err bytes.Buffer
		p := &program{stdin: strings.NewReader(""), stdout: &out, stderr: &err, env: func(string) string { return "" }}
		return p.main(t.Context(), append([]string{"report"}, args...)), out.String() + err.String()
	}
	outside := saved()
	if code, said := run(outside); code != exitDone {
		t.Errorf("without --strict: exit code %d:\n%s", code, said)
	}
	for _, args := range [][]string{{"--strict"}, {"--strict", "--budget", "edge.failed==0"}} {
		if code, said := run(append(args, outside)...); code != exitBudget || !strings.Contains(said, "edge.outage is 90 ms, predicted 0 to 5") {
			t.Errorf("%v: exit code %d:\n%s", args, code, said)
		}
	}
	s.Predictions[0].MaxMs = 100
	if code, said := run("--strict", saved()); code != exitDone || !strings.Contains(said, "1 of 1 check held") {
		t.Errorf("as predicted: exit code %d:\n%s", code, said)
	}
}
