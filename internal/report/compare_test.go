package report

import (
	"encoding/json"
	"io"
	"testing"

	"halab/internal/outage"
)

// sized is a scenario whose runs had these outages at the edge.
func sized(name string, ms ...float64) outage.ScenarioResult {
	s := outage.ScenarioResult{Name: name}
	for i, v := range ms {
		s.Runs = append(s.Runs, outage.Run{Number: i + 1, Phases: []outage.Analysis{{
			Phase: outage.PhaseFault, Valid: true,
			Streams: []outage.Stream{{Name: "edge", OutageLongestMs: v}},
		}}})
	}
	return s
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		a, b      []float64
		ratio     float64 // 0: none
		atLeast   bool
		different bool
		interval  bool
	}{
		{"a hundred times", []float64{3000, 3100, 3200, 3000, 3100, 3200}, []float64{30, 31, 32, 30, 31, 32}, 100, false, true, true},
		{"no difference", []float64{10, 12, 14, 16, 18, 20}, []float64{11, 12, 13, 17, 18, 19}, 1, false, false, true},
		{"B below the floor", []float64{40, 40, 40, 44, 44, 44}, []float64{0, 0, 0, 0, 0, 0}, 21, true, true, true},
		{"both below the floor", []float64{0, 0, 2, 0, 0, 0}, []float64{0, 0, 0, 0, 0, 0}, 0, false, false, false},
		{"too few for an interval", []float64{40, 40, 40}, []float64{4, 4, 4}, 10, false, false, false},
		{"no run counted", nil, []float64{4, 4, 4, 4, 4, 4}, 0, false, false, false},
	} {
		a := &outage.Result{FloorMs: 2, Scenarios: []outage.ScenarioResult{sized("s", c.a...)}}
		b := &outage.Result{FloorMs: 2, Scenarios: []outage.ScenarioResult{sized("s", c.b...)}}
		got := Compare("A", a, "B", b)
		if len(got.Rows) != 1 {
			t.Fatalf("%s: %d rows", c.name, len(got.Rows))
		}
		r := got.Rows[0]
		if c.ratio == 0 != (r.Ratio == nil) || r.Ratio != nil && (*r.Ratio < c.ratio*0.99 || *r.Ratio > c.ratio*1.01) {
			t.Errorf("%s: ratio %s, want %v", c.name, r.ratioText(), c.ratio)
		}
		if r.AtLeast != c.atLeast || r.Different != c.different || (r.RatioLo != nil) != c.interval {
			t.Errorf("%s: at least %v, different %v, interval %v", c.name, r.AtLeast, r.Different, r.RatioLo != nil)
		}
		if c.interval && r.Ratio != nil && (*r.RatioLo > *r.Ratio || *r.RatioHi < *r.Ratio) {
			t.Errorf("%s: %v is not within %v and %v", c.name, *r.Ratio, *r.RatioLo, *r.RatioHi)
		}
		if err := CompareJSON(io.Discard, got); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestCompareNamesWhatOneSideLacks(t *testing.T) {
	t.Parallel()
	a := &outage.Result{Scenarios: []outage.ScenarioResult{sized("both", 1), sized("a", 1)}}
	b := &outage.Result{Scenarios: []outage.ScenarioResult{sized("b", 1), sized("both", 1)}}
	c := Compare("A", a, "B", b)
	got, _ := json.Marshal([][]string{c.OnlyA, c.OnlyB})
	if string(got) != `[["a"],["b"]]` || len(c.Rows) != 1 {
		t.Errorf("got %s and %d rows", got, len(c.Rows))
	}
}

// Comparing must not touch what is compared.
func TestCompareLeavesTheResults(t *testing.T) {
	t.Parallel()
	a := &outage.Result{Scenarios: []outage.ScenarioResult{sized("s", 3, 1, 2)}}
	Compare("A", a, "B", a)
	if a.Scenarios[0].Runs[0].Phases[0].Streams[0].OutageLongestMs != 3 {
		t.Error("the runs were sorted")
	}
}
