package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"halab/internal/outage"
)

// proved is a result with findings of every proof.
func proved() *outage.Result {
	r := drilled()
	r.Scenarios, r.Budget = nil, nil
	edge := func(low, high float64) *outage.Prediction {
		return &outage.Prediction{Metric: "edge.outage", MinMs: low, MaxMs: high}
	}
	seen := func(ms float64) *outage.Summary {
		return &outage.Summary{Metric: "edge.outage", N: 1, Min: ms, Max: ms}
	}
	r.Findings = []outage.Finding{
		{Severity: "error", Rule: "weight-too-small", At: "lb1/keepalived.conf:9:12", What: "weight 2 cannot pass a gap of 50", Drill: "cluster/haproxy-kill",
			Proof: outage.ProofConfirmed, Predicted: &outage.Prediction{Never: true}, Measured: seen(60400), StayedMs: 60400},
		{Severity: "warning", Rule: "slow-check", At: "lb1/keepalived.conf:10:10", What: "a dead HAProxy costs 29.6–33.6 s", Drill: "cluster/haproxy-stop",
			Proof: outage.ProofConfirmed, Predicted: edge(29600, 33600), Measured: seen(31200)},
		{Severity: "error", Rule: "late-bind", At: "lb2/haproxy.cfg:3:5", What: "HAProxy <b>|does not start|</b> without the VIP", Drill: "cluster/node-crash",
			Proof: outage.ProofContradicted, Predicted: &outage.Prediction{Never: true}, Measured: seen(990)},
		{Severity: "error", Rule: "deaf-pair", At: "lb2/keepalived.conf:4:1", What: "nobody hears it", Drill: "cluster/node-freeze",
			Proof: outage.ProofContradicted, Predicted: edge(2600, 3600), Measured: seen(60100), StayedMs: 60100, Moved: true},
		{Severity: "info", Rule: "no-prediction", At: "lb1/haproxy.cfg:9:5", What: "nobody can tell", Drill: "cluster/link-down",
			Proof: outage.ProofUnpredicted, Measured: seen(44)},
		{Severity: "warning", Rule: "check-too-deep", At: "lb1/keepalived.conf:7:12", What: "the check asks the servers", Drill: "cluster/app-hang", Proof: outage.ProofUndrilled},
		{Severity: "info", Rule: "plain-password", At: "lb1/keepalived.conf:20:5", What: "anybody can read it", Proof: outage.ProofUndrilled},
	}
	return r
}

func TestFindings(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(io.Writer) error{
		"findings.txt":  func(w io.Writer) error { return Text(w, proved(), TextOptions{Style: marks{}}) },
		"findings.md":   func(w io.Writer) error { return Markdown(w, proved()) },
		"findings.xml":  func(w io.Writer) error { return JUnit(w, proved()) },
		"findings.html": func(w io.Writer) error { return HTML(w, proved()) },
	} {
		var got bytes.Buffer
		if err := write(&got); err != nil {
			t.Fatal(err)
		}
		golden(t, name, got.Bytes())
	}
	var saved bytes.Buffer
	if err := JSON(&saved, proved(), JSONOptions{}); err != nil {
		t.Fatal(err)
	}
	again, err := Load(&saved)
	if err != nil || fmt.Sprint(findingLines(again)) != fmt.Sprint(findingLines(proved())) {
		t.Errorf("what was saved and read again: %v, %v", again, err)
	}
	if line := fmt.Sprint(findingLines(&outage.Result{})); strings.Contains(line, "→") {
		t.Errorf("without findings: %s", line)
	}
}
