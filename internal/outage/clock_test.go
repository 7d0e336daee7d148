package outage

import (
	"strings"
	"testing"

	"halab/internal/agentapi"
)

// Where nodes have clocks of their own, the evidence of their events says how
// far their times may be wrong, and the fault's moment is as uncertain.
func TestClocksOfHosts(t *testing.T) {
	plain := Analyse(&leftBehind().rec, PhaseFault)
	s := leftBehind()
	s.rec.Clocks = map[string]agentapi.ClockOffset{"a": {AheadNs: 5e9, WithinNs: 400_000}, "b": {WithinNs: 700_000}}
	a := Analyse(&s.rec, PhaseFault)
	if !strings.HasSuffix(a.AtSource, ", its clock corrected to ±0.4 ms") || a.UncertainMs != plain.UncertainMs+0.4 {
		t.Errorf("%s, ±%v (without: %s, ±%v)", a.AtSource, a.UncertainMs, plain.AtSource, plain.UncertainMs)
	}
	for _, step := range a.Anatomy {
		if step.Name == StepVIP && step.Source != "node event vip-added (netlink), its clock corrected to ±0.7 ms" {
			t.Errorf("%s", step.Source)
		}
	}
	s.rec.Clocks = map[string]agentapi.ClockOffset{"a": {}, "b": {}}
	if same := Analyse(&s.rec, PhaseFault); same.AtSource != plain.AtSource {
		t.Errorf("the same clock needs no correction: %s", same.AtSource)
	}
}
