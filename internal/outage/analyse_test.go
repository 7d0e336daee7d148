package outage

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/internal/effect"
	"halab/test/golden"
)

func TestStoriesGolden(t *testing.T) {
	for name, s := range map[string]*story{
		"node-crash": crash(), "keepalived-stop": handover(), "keepalived-kill": leftBehind(),
		"haproxy-hang": hang(), "node-freeze": split(), "app-kill": quiet(),
	} {
		t.Run(name, func(t *testing.T) {
			got := []Analysis{Analyse(&s.rec, PhaseFault), Analyse(&s.rec, PhaseFailback)}
			b, err := json.MarshalIndent(got, "", "\t")
			if err != nil {
				t.Fatal(err)
			}
			golden.File(t, "testdata/"+name+".golden.json", string(b)+"\n")
		})
	}
}

func find(t *testing.T, a Analysis, name string) Invariant {
	t.Helper()
	for _, i := range a.Invariants {
		if i.Name == name {
			return i
		}
	}
	t.Fatalf("no invariant %s", name)
	return Invariant{}
}

func TestFigures(t *testing.T) {
	tests := []struct {
		name    string
		story   *story
		phase   Phase
		at      float64 // ms after the mark
		longest float64
		failed  int
		source  string
	}{
		{"crash", crash(), PhaseFault, 4.4, 20, 10, "last probe"},
		{"crash, back", crash(), PhaseFailback, 1200, 0, 0, "started"},
		{"hand-over", handover(), PhaseFault, 3, 0, 0, "resignation"},
		{"hang", hang(), PhaseFault, 0.4, 90, 45, "last probe"},
		{"app", quiet(), PhaseFault, 7, 0, 0, "app-gone"},
		{"freeze", split(), PhaseFault, 0.4, 22, 11, "last probe"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := Analyse(&tt.story.rec, tt.phase)
			if !a.Valid {
				t.Fatalf("invalid: %s", a.Invalid)
			}
			if got := Ms(a.At - zero); got != tt.at || !strings.Contains(a.AtSource, tt.source) {
				t.Errorf("at %g by %q, want %g by %q", got, a.AtSource, tt.at, tt.source)
			}
			s := a.Streams[0]
			if s.OutageLongestMs != tt.longest || s.Failed != tt.failed || s.FloorMs != 2 {
				t.Errorf("outage %g ms, %d failed, floor %g; want %g, %d, 2", s.OutageLongestMs, s.Failed, s.FloorMs, tt.longest, tt.failed)
			}
		})
	}
}

func TestAnatomyIsInOrder(t *testing.T) {
	a := Analyse(&crash().rec, PhaseFault)
	want := map[StepName]float64{
		StepFault: 0, StepLastServed: 0, StepLastAdvert: -4.4, StepDetected: 17.6,
		StepElected: 17.6, StepVIP: 18.1, StepGARP: 18.4, StepServed: 22,
	}
	for i, s := range a.Anatomy {
		if s.Name != StepNames()[i] || !s.Seen() || s.AtMs != want[s.Name] {
			t.Errorf("step %d: %+v, want %s at %g", i, s, StepNames()[i], want[s.Name])
		}
	}
	for _, s := range Analyse(&quiet().rec, PhaseFault).Anatomy[1:] {
		if s.Seen() || s.Missing == "" {
			t.Errorf("nothing moved, but %+v", s)
		}
	}
}

func TestInvariants(t *testing.T) {
	tests := []struct {
		name   string
		story  *story
		phase  Phase
		broken map[string]float64 // ms
		odd    []string           // remarkable
	}{
		{"crash", crash(), PhaseFault, map[string]float64{InvNoHolder: 18.1}, nil},
		{"crash, back", crash(), PhaseFailback, nil, nil},
		{"hand-over", handover(), PhaseFault, nil, nil},
		{"left behind", leftBehind(), PhaseFault, map[string]float64{InvTwoHolders: 977.5, InvStaleVIP: 998}, nil},
		{"left behind, back", leftBehind(), PhaseFailback, map[string]float64{InvTwoHolders: 100, InvStaleVIP: 100}, nil},
		{"hang", hang(), PhaseFault, map[string]float64{InvHolderWithoutHAProxy: 90}, nil},
		{"freeze", split(), PhaseFault, map[string]float64{InvTwoHolders: 978.5, InvHolderWithoutHAProxy: 999.6, InvStaleVIP: 999.6}, nil},
		{"freeze, thawed", split(), PhaseFailback, map[string]float64{InvTwoHolders: 58, InvHolderWithoutHAProxy: 57, InvStaleVIP: 57, InvTwoMasters: 5}, nil},
		{"app", quiet(), PhaseFault, nil, nil},
		{"an app moves the VIP", moved(), PhaseFault, map[string]float64{}, []string{InvFlapping}},
		{"a killed keepalived takes its VIP along", tidy(), PhaseFault, map[string]float64{InvNoHolder: 20.5}, []string{InvTwoHolders, InvStaleVIP}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := Analyse(&tt.story.rec, tt.phase)
			for _, i := range a.Invariants {
				if i.Ms != tt.broken[i.Name] && Ms(int64((i.Ms-tt.broken[i.Name])*1e6)) != 0 {
					t.Errorf("%s: %g ms, want %g (%+v)", i.Name, i.Ms, tt.broken[i.Name], i)
				}
				if i.Remarkable() != slices.Contains(tt.odd, i.Name) {
					t.Errorf("%s is remarkable: %v (%+v)", i.Name, i.Remarkable(), i)
				}
			}
		})
	}
}

// moved is an app's death after which the VIP moves, as it must not.
func moved() *story {
	return quiet().event(20, "a", agentapi.EventVIPRemoved).event(20.1, "b", agentapi.EventVIPAdded).
		event(20, "b", agentapi.EventVRRP, "BACKUP", "MASTER")
}

// tidy is a killed keepalived whose VIP goes with it.
func tidy() *story { return leftBehind().event(2, "a", agentapi.EventVIPRemoved) }

func TestBelowTheError(t *testing.T) {
	s := handover()
	i := find(t, Analyse(&s.rec, PhaseFault), InvNoHolder)
	if i.Ms != 0 || i.BelowMs != 0.5 || i.Broken() {
		t.Errorf("half a millisecond between two nodes' reports: %+v", i)
	}
}

func TestFlapping(t *testing.T) {
	s := crash().event(300, "c", agentapi.EventVRRP, "BACKUP", "MASTER").
		event(400, "b", agentapi.EventVRRP, "MASTER", "BACKUP").event(500, "b", agentapi.EventVRRP, "BACKUP", "MASTER")
	if i := find(t, Analyse(&s.rec, PhaseFault), InvFlapping); i.Count != 2 {
		t.Errorf("one election too many here and one in the other cluster: %+v", i)
	}
}

func TestWithoutNodeEvents(t *testing.T) {
	s := crash()
	s.rec.Events, s.rec.States = nil, nil
	a := Analyse(&s.rec, PhaseFault)
	if !a.Valid || a.Streams[0].OutageLongestMs != 20 || a.Elections != 1 {
		t.Errorf("%+v", a)
	}
	for _, step := range a.Anatomy {
		if step.Name == StepElected && !strings.Contains(step.Source, "advert") {
			t.Errorf("%+v", step)
		}
		if step.Name == StepVIP && step.Seen() {
			t.Errorf("%+v", step)
		}
	}
}

func TestInvalid(t *testing.T) {
	lateAt := func(ms, late float64) func(*story) {
		return func(s *story) {
			for i := range s.rec.Samples {
				if s.rec.Samples[i].Due == at(ms) {
					s.rec.Samples[i].Sent = at(ms + late)
					s.rec.Samples[i].Done = max(s.rec.Samples[i].Done, at(ms+late))
				}
			}
		}
	}
	tests := []struct {
		name   string
		change func(*story)
		want   string // "": valid
	}{
		{"sound", func(*story) {}, ""},
		{"no mark", func(s *story) { s.rec.Marks = nil }, "no mark"},
		{"no stream", func(s *story) { s.rec.Streams = nil }, "no stream"},
		{"no probe", func(s *story) { s.rec.Samples = nil }, "no probe"},
		{"late at the fault", lateAt(2, 8), "fell behind"},
		{"late at the recovery", lateAt(30, 8), "fell behind"},
		{"a little late", lateAt(2, 4), ""},
		{"late elsewhere", lateAt(600, 60), ""},
		{"very late elsewhere", lateAt(600, 120), "fell behind"},
		{"dropped", func(s *story) {
			s.rec.Lag = []agentapi.ProberLag{{Stream: "edge", Dropped: 3, SinceMono: at(100)}}
		}, "never sent"},
		{"dropped long before", func(s *story) {
			s.rec.Lag = []agentapi.ProberLag{{Stream: "edge", Dropped: 3, SinceMono: at(-900)}}
		}, ""},
		{"a sample is lost", func(s *story) { s.rec.Samples = slices.Delete(s.rec.Samples, 200, 202) }, "2 probes of the edge stream left no sample"},
		{"failed before", func(s *story) {
			s.rec.Samples[100].Error, s.rec.Samples[100].Done = "refused", s.rec.Samples[100].Due+1
		}, "before the fault"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := crash()
			tt.change(s)
			a := Analyse(&s.rec, PhaseFault)
			if a.Valid != (tt.want == "") || !strings.Contains(a.Invalid, tt.want) {
				t.Errorf("valid %v: %q, want %q", a.Valid, a.Invalid, tt.want)
			}
		})
	}
}

// randomSamples is a stream at 2 ms with a random fate for each probe, shuffled.
func randomSamples(r *rand.Rand, stream string, n int) []agentapi.Sample {
	out := make([]agentapi.Sample, n)
	for i := range out {
		due := zero + int64(i)*2e6
		out[i] = agentapi.Sample{Stream: stream, Due: due, Sent: due, Done: due + r.Int64N(3e8), Status: 200}
		if r.IntN(3) == 0 {
			out[i].Error = "timeout"
		}
	}
	return out
}

func TestOutagesProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		n := r.IntN(200)
		samples := randomSamples(r, "edge", n)
		end := zero + int64(n)*2e6
		spans := Outages(samples, zero, end)
		failed, before := 0, -1.0
		for i, s := range spans {
			if s.Ms() <= 0 || s.Failed < 1 || s.FromMs < before || s.Open && i != len(spans)-1 {
				t.Fatalf("span %d of %v", i, spans)
			}
			failed, before = failed+s.Failed, s.ToMs
		}
		for _, s := range samples {
			if !s.OK() {
				failed--
			}
		}
		if failed != 0 {
			t.Fatalf("%d failed probes too many or too few in %v", failed, spans)
		}
	}
}

func TestMergeProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		a, b := randomSamples(r, "edge", r.IntN(50)), randomSamples(r, "stack", r.IntN(50))
		r.Shuffle(len(a), func(i, j int) { a[i], a[j] = a[j], a[i] })
		merged := Merge(a, b)
		if len(merged) != len(a)+len(b) {
			t.Fatalf("%d and %d became %d", len(a), len(b), len(merged))
		}
		counts := map[agentapi.Sample]int{}
		for i, s := range merged {
			counts[s]++
			if i > 0 && s.Due < merged[i-1].Due {
				t.Fatal("out of order")
			}
		}
		for _, s := range slices.Concat(a, b) {
			if counts[s]--; counts[s] < 0 {
				t.Fatal("a sample was lost or doubled")
			}
		}
	}
}

// TestPhasesShareNoSample: whatever the marks, each sample from shortly before
// the fault to the end is in exactly one phase.
func TestPhasesShareNoSample(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		n := 1 + r.IntN(600)
		rec := &Recording{
			Effect: effect.Kill(effect.Node), Cluster: "frontend", Target: "a", Holder: "a",
			Streams: []agentapi.StreamSpec{{Name: "edge", Rate: 500}},
			Samples: randomSamples(r, "edge", n),
		}
		fault := zero + r.Int64N(int64(n)*2e6)
		restore := fault + r.Int64N(int64(n)*2e6)
		end := restore + r.Int64N(int64(n)*2e6)
		rec.Marks = []agentapi.ObserverMark{
			{Name: MarkFault, At: fault}, {Name: MarkRestore, At: restore}, {Name: MarkEnd, At: end},
		}
		want := 0
		for _, s := range rec.Samples {
			if s.Due >= fault-int64(250*time.Millisecond) && s.Due < end {
				want++
			}
		}
		a, b := Analyse(rec, PhaseFault), Analyse(rec, PhaseFailback)
		if got := a.Streams[0].Sent + b.Streams[0].Sent; got != want {
			t.Fatalf("%d + %d samples, want %d", a.Streams[0].Sent, b.Streams[0].Sent, want)
		}
		for _, analysis := range []Analysis{a, b} {
			for _, i := range analysis.Invariants {
				if i.Ms < 0 || i.BelowMs < 0 || i.Count < 0 {
					t.Fatalf("%+v", i)
				}
			}
		}
	}
}

// FuzzAnalyse: no recording makes it panic or an outage negative.
func FuzzAnalyse(f *testing.F) {
	for _, s := range []*story{crash(), split()} {
		s.rec.Samples, s.rec.Wire = s.rec.Samples[148:156], s.rec.Wire[24:28]
		b, err := json.Marshal(s.rec)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var rec Recording
		if json.Unmarshal(b, &rec) != nil {
			return
		}
		for _, p := range []Phase{PhaseFault, PhaseFailback, PhaseSoak} {
			for _, s := range Analyse(&rec, p).Streams {
				if s.OutageLongestMs < 0 || s.OutageSumMs < 0 {
					t.Errorf("%+v", s)
				}
			}
		}
	})
}
