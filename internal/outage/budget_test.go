package outage

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestParseBudget(t *testing.T) {
	b, err := ParseBudget("edge.outage.p95<=50ms, stack.failed==0,split_brain = 0,node-crash: failback.edge.latency_max < 1.5s,edge.lag.median>=200us")
	if err != nil {
		t.Fatal(err)
	}
	want := []Condition{
		{"edge.outage.p95<=50ms", "", "edge.outage", "p95", "<=", 50},
		{"stack.failed==0", "", "stack.failed", "", "==", 0},
		{"split_brain = 0", "", "split_brain", "", "==", 0},
		{"node-crash: failback.edge.latency_max < 1.5s", "node-crash", "failback.edge.latency_max", "", "<", 1500},
		{"edge.lag.median>=200us", "", "edge.lag", "median", ">=", 0.2},
	}
	if !slices.Equal(b.Conditions, want) {
		t.Errorf("got  %+v\nwant %+v", b.Conditions, want)
	}
}

func TestBudgetFaults(t *testing.T) {
	tests := []struct {
		text, want string
		position   int
	}{
		{"", "condition is missing", 1},
		{"edge.outage<=5ms,,", "condition is missing", 18},
		{"edge.outage", "compares nothing", 12},
		{"edge.outgae<=5ms", "did you mean edge.outage?", 1},
		{"stack.failed==0, edge.outage.p96<=5ms", "did you mean p95?", 18},
		{"splitbrain==0", "did you mean split_brain?", 1},
		{"xyzzy==0", "no metric", 1},
		{"<=5", "name is missing", 1},
		{":edge.outage<=5", "scenario's name is missing", 1},
		{"edge.outage<=", "no number", 14},
		{"edge.outage<=fast", "no number", 14},
		{"edge.outage<=5min", `no unit "min"`, 14},
		{"stack.failed<=5ms", "takes no unit", 15},
		{"edge.outage<=NaN", "no number", 14},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			_, err := ParseBudget(tt.text)
			var fault *BudgetError
			if !errors.As(err, &fault) {
				t.Fatalf("error %v", err)
			}
			if fault.Position != tt.position || !strings.Contains(fault.Error(), tt.want) {
				t.Errorf("%v; want position %d and %q", fault, tt.position, tt.want)
			}
		})
	}
}

// scenario has one run for each edge outage given.
func scenario(name string, kind Kind, outages ...float64) ScenarioResult {
	s := ScenarioResult{Name: name, Kind: kind}
	for i, ms := range outages {
		s.Runs = append(s.Runs, Run{Number: i + 1, Phases: []Analysis{
			{
				Phase: PhaseFault, Valid: true,
				Streams:    []Stream{{Name: "edge", OutageLongestMs: ms, FloorMs: 2}, {Name: "stack", Failed: i}},
				Invariants: []Invariant{{Name: InvTwoHolders, Expect: Never}, {Name: InvTwoMasters, Expect: Never}},
			},
			{
				Phase: PhaseFailback, Valid: true,
				Streams:    []Stream{{Name: "edge", FloorMs: 2}},
				Invariants: []Invariant{{Name: InvTwoHolders, Ms: float64(i), Expect: Never}, {Name: InvTwoMasters, Expect: Never}},
			},
		}})
	}
	return s
}

func TestEvaluate(t *testing.T) {
	crash := scenario("frontend/node-crash", "node-crash", 10, 40, 20)
	spoiled := scenario("frontend/haproxy-kill", "haproxy-kill", 5, 900)
	spoiled.Runs[1].Phases[0].Valid = false
	none := scenario("backend/node-crash", "node-crash")
	tests := []struct {
		budget    string
		scenarios []ScenarioResult
		held      bool
		run       int
		by        float64
		text      string
	}{
		{"edge.outage.p95<=50ms", []ScenarioResult{crash}, true, 2, 0, "holds: 40 ms"},
		{"edge.outage.p95<=30ms", []ScenarioResult{crash}, false, 2, 10, "edge.outage.p95 is 40 ms, 10 ms beyond it; run 2 is the worst with 40 ms"},
		{"edge.outage.median<20ms", []ScenarioResult{crash}, false, 2, 0, "broken"},
		{"edge.outage.median<=20ms", []ScenarioResult{crash}, true, 2, 0, ""},
		{"edge.outage.mean==23.333", []ScenarioResult{crash}, true, 2, 0, ""},
		{"stack.failed==0", []ScenarioResult{crash}, false, 3, 2, "stack.failed is 2"},
		{"split_brain==0", []ScenarioResult{crash}, false, 3, 2, "split_brain is 2 ms"},
		{"fault.split_brain==0", []ScenarioResult{crash}, true, 1, 0, ""},
		{"failback.two_holders<=1ms", []ScenarioResult{crash}, false, 3, 1, ""},
		{"failback.edge.outage==0", []ScenarioResult{crash}, true, 1, 0, ""},
		{"edge.outage>=15ms", []ScenarioResult{crash}, false, 1, 5, ""},
		{"edge.outage<=5ms", []ScenarioResult{spoiled}, true, 1, 0, "an invalid run does not count"},
		{"haproxy-kill:edge.outage<=5ms", []ScenarioResult{crash, spoiled}, true, 1, 0, ""},
		{"edge.outage<=5ms", []ScenarioResult{none}, false, 0, 0, "no run is a measurement"},
		{"app-kill:edge.outage<=5ms", []ScenarioResult{crash}, false, 0, 0, "no such scenario"},
	}
	for _, tt := range tests {
		t.Run(tt.budget, func(t *testing.T) {
			b, err := ParseBudget(tt.budget)
			if err != nil {
				t.Fatal(err)
			}
			v := b.Evaluate(tt.scenarios)
			if len(v.Checks) != 1 {
				t.Fatalf("%d checks: %+v", len(v.Checks), v.Checks)
			}
			c := v.Checks[0]
			if v.Held != tt.held || c.Held != tt.held || c.Run != tt.run || c.By != tt.by || tt.held == false && !strings.Contains(c.Text, tt.text) {
				t.Errorf("%+v; want held %v, run %d, by %g, %q", c, tt.held, tt.run, tt.by, tt.text)
			}
		})
	}
}

func TestStatistics(t *testing.T) {
	up := func(n int) []float64 {
		var v []float64
		for i := n; i > 0; i-- {
			v = append(v, float64(i))
		}
		return v
	}
	tests := []struct {
		values            []float64
		median, p95, mean float64
	}{
		{nil, 0, 0, 0},
		{up(1), 1, 1, 1},
		{up(4), 2.5, 4, 2.5},
		{up(5), 3, 5, 3},
		{up(19), 10, 19, 10},
		{up(20), 10.5, 19, 10.5},
		{up(100), 50.5, 95, 50.5},
	}
	for _, tt := range tests {
		if m, p, a := Median(tt.values), Quantile(tt.values, 0.95), Mean(tt.values); m != tt.median || p != tt.p95 || a != tt.mean {
			t.Errorf("%d values: median %g, p95 %g, mean %g; want %g, %g, %g", len(tt.values), m, p, a, tt.median, tt.p95, tt.mean)
		}
	}
}

func TestQuantileIsMeasuredAndGrows(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 200 {
		values := make([]float64, 1+r.IntN(50))
		for i := range values {
			values[i] = r.Float64()
		}
		before := math.Inf(-1)
		for q := 0.0; q <= 1; q += 0.05 {
			v := Quantile(values, q)
			if !slices.Contains(values, v) || v < before {
				t.Fatalf("quantile %g of %v is %g, before it %g", q, values, v, before)
			}
			before = v
		}
	}
}

func TestSummarise(t *testing.T) {
	s := scenario("x", "node-crash", 10, 40, 20)
	s.Runs = append(s.Runs, Run{Number: 4, Error: "the engine went away"})
	list := Summarise(s)
	i := slices.IndexFunc(list, func(m Summary) bool { return m.Metric == "edge.outage" })
	want := Summary{Metric: "edge.outage", Unit: "ms", N: 3, Min: 10, Median: 20, P95: 40, Max: 40, Mean: 23.333}
	if i < 0 || list[i] != want {
		t.Errorf("%+v", list)
	}
	if !slices.ContainsFunc(list, func(m Summary) bool { return m.Metric == "failback.edge.outage" && m.N == 3 && m.Max == 0 }) {
		t.Errorf("no failback in %+v", list)
	}
}

func TestFlags(t *testing.T) {
	s := scenario("x", "node-crash", 10, 40, 23)
	flags := Flags(s, []Prediction{{Metric: "edge.outage", MinMs: 10, MaxMs: 21}})
	if len(flags) != 3 || flags[0].Run != 2 || flags[0].Measured != 40 {
		t.Errorf("one is beyond its prediction by more than the floor, two failbacks had two holders: %+v", flags)
	}
	if flags := Flags(s, []Prediction{{Metric: "edge.outage", Never: true}}); len(flags) != 5 {
		t.Errorf("an outage that nothing should end ended three times: %+v", flags)
	}
}

// TestSumsAreComparedAsTold: what a reader takes for 998 is 998 to every rule,
// though binary fractions make 997.9999999999998 of it.
func TestSumsAreComparedAsTold(t *testing.T) {
	span := Span{FromMs: 1050.086, ToMs: 2048.086}
	raw := span.ToMs - span.FromMs
	if raw >= 998 || span.Ms() != 998 {
		t.Errorf("2048.086 − 1050.086 is %v, told as %v", raw, span.Ms())
	}
	s := scenario("x", "node-crash", raw)
	if flags := Flags(s, []Prediction{{Metric: "edge.outage", MinMs: 1000, MaxMs: 1005}}); len(flags) != 0 {
		t.Errorf("998 is within 1000 less the floor of 2: %+v", flags)
	}
	if m := Median([]float64{0.1, 0.2}); m != 0.15 {
		t.Errorf("the median of 0.1 and 0.2 is %v", m)
	}
	third := 0.3
	third -= 0.2 // 0.09999999999999998
	for text, ms := range map[string]float64{
		"edge.outage>=100us": third, "edge.outage==0.1": third, "edge.outage>=998": raw,
		"edge.outage>=0.0049s": 4.9, "edge.outage<=0.0041s": 4.1, "edge.outage==0.0041s": 4.1, "edge.outage<0.4us": 0,
	} {
		b, err := ParseBudget(text)
		if err != nil {
			t.Fatal(err)
		}
		if v := b.Evaluate([]ScenarioResult{scenario("x", "node-crash", ms)}); !v.Held {
			t.Errorf("%s with %v: %+v", text, ms, v.Checks)
		}
	}
}

// FuzzParseBudget: it never panics, and what it takes means the same when its
// conditions are read again.
func FuzzParseBudget(f *testing.F) {
	for _, seed := range []string{
		"edge.outage.p95<=50ms,stack.failed==0,split_brain==0", "node-crash:failback.keepalive.latency_p99 > .5 s",
		",", "a<=", "::<1", "edge.outage!=1e9us",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b, err := ParseBudget(text)
		if err != nil {
			var fault *BudgetError
			if !errors.As(err, &fault) || fault.Position < 1 || fault.Position > len(text)+1 {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		for _, c := range b.Conditions {
			again, err := ParseBudget(c.Text)
			if err != nil || len(again.Conditions) != 1 || again.Conditions[0] != c {
				t.Errorf("%q read again: %+v, %v; was %+v", c.Text, again, err, c)
			}
		}
		if _, err := json.Marshal(b.Evaluate([]ScenarioResult{scenario("x", "node-crash", 1, 2)})); err != nil {
			t.Error(err)
		}
	})
}

// TestStretches holds the arithmetic of stretches against counting.
func TestStretches(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	random := func() stretches {
		var list []stretch
		for range r.IntN(6) {
			from := r.Int64N(40)
			list = append(list, stretch{from, from + r.Int64N(12)})
		}
		return ordered(list)
	}
	in := func(s stretches, x int64) bool {
		return slices.ContainsFunc(s, func(s stretch) bool { return x >= s.from && x < s.to })
	}
	for range 2000 {
		a, b, c := random(), random(), random()
		two := twice([]stretches{a, b, c})
		for x := int64(-1); x < 60; x++ {
			n := 0
			for _, s := range []stretches{a, b, c} {
				if in(s, x) {
					n++
				}
			}
			if in(a.and(b), x) != (in(a, x) && in(b, x)) || in(a.or(b), x) != (in(a, x) || in(b, x)) ||
				in(a.without(b), x) != (in(a, x) && !in(b, x)) || in(two, x) != (n >= 2) {
				t.Fatalf("at %d: %v %v %v", x, a, b, c)
			}
		}
	}
}
