package lint

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"halab/test/golden"
)

// docs/lint.md is made from the rules (go test -update writes it anew).
func TestDoc(t *testing.T) {
	golden.File(t, "../../../docs/lint.md", Doc())
}

func TestRulesAreExplained(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if seen[r.Name] || r.Title == "" || len(r.Why) < 20 || len(r.Sources) == 0 || r.Severity.rank() < 0 {
			t.Errorf("rule %q is named twice, or not explained", r.Name)
		}
		seen[r.Name] = true
	}
}

func TestSARIF(t *testing.T) {
	r := report(t, "cases/27-check-overridden", "debian12")
	var b bytes.Buffer
	if err := SARIF(&b, r, "v1"); err != nil {
		t.Fatal(err)
	}
	var log sarifLog
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if log.Version != "2.1.0" || len(run.Results) != len(r.Findings) || len(run.Tool.Driver.Rules) != len(Rules()) {
		t.Errorf("%+v", log)
	}
	one := run.Results[0]
	if one.RuleID != "check-overridden" || one.Level != "warning" || one.Locations[0].Physical.Region.Line != 14 || one.Locations[0].Physical.Artifact.URI != "lb1/haproxy.cfg" || len(one.Related) != 2 {
		t.Errorf("%+v", one)
	}
}

func TestGitHub(t *testing.T) {
	var b bytes.Buffer
	if err := GitHub(&b, report(t, "cases/01b-weight-two", "debian12")); err != nil {
		t.Fatal(err)
	}
	line := b.String()
	if !strings.HasPrefix(line, "::error file=lb1/keepalived.conf,line=9,col=12,title=weight-below-gap::the VIP never moves") || strings.Count(line, "\n") != 1 {
		t.Errorf("%q", line)
	}
}
