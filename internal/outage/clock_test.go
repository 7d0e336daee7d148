package outage

import (
	"strings"
	"testing"

	"halab/internal/agentapi"
	"halab/internal/effect"
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

// A restore that had to begin again returns twice, and took effect no later than
// the second time; what a later step of a scenario file restored is not meant.
func TestAMendingEndsWhenItReturnedLast(t *testing.T) {
	s := tell(effect.Steps()).probes(func(float64) string { return "b" })
	s.rec.Marks = s.rec.Marks[:4] // up to restore-returned, at 1300
	s.mark(MarkRestoreReturned, 1800).mark(MarkFault, 1850).mark(MarkRestore, 1900).mark(MarkRestoreReturned, 1950).mark(MarkEnd, 2000)
	if a := Analyse(&s.rec, PhaseFailback); a.AtSource != "mark before the call" || a.UncertainMs != 800 {
		t.Errorf("the mending is known to %g ms by the %s, wanted 800", a.UncertainMs, a.AtSource)
	}
	if a := Analyse(&s.rec, PhaseFault); a.UncertainMs != 300 {
		t.Errorf("the fault is known to %g ms, wanted 300", a.UncertainMs)
	}
}
