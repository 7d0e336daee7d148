package report

import (
	"strings"

	"halab/internal/outage"
)

// quick is a plot on the fast profile: a hand-over of some milliseconds.
func quick(dies, back float64) (fault, failback plot) {
	fault = plot{phase: outage.PhaseFault, old: "frontend-01", new: "frontend-02",
		dies: dies, back: back, from: -400, to: 900, adverts: 10}
	failback = plot{phase: outage.PhaseFailback, old: "frontend-02", new: "frontend-02",
		dies: 5000, back: 5000, from: -400, to: 700, adverts: 10}
	return fault, failback
}

func finish(s outage.ScenarioResult) outage.ScenarioResult {
	s.Summary, s.Held = outage.Summarise(s), outage.SummariseHeld(s)
	s.Flags = append(outage.Flags(s, s.Predictions), outage.HeldFlags(s, s.HeldPredicted)...)
	return s
}

func haproxyKill(runs int) outage.ScenarioResult {
	s := outage.ScenarioResult{
		Name: "frontend/haproxy-kill", Kind: "haproxy-kill", Cluster: "frontend",
		Description: "HAProxy of the VIP's holder dies at once (SIGKILL); keepalived hands the VIP over.",
		Predictions: []outage.Prediction{
			{Metric: "edge.outage", MinMs: 0.1, MaxMs: 12, MeanMs: 4, Formula: "priority 0, then the skew: (256−253)/256·10 ms = 0.1 ms", Assumes: "the node notices within 10 ms"},
			{Metric: "failback.edge.outage", Formula: "nopreempt: the VIP stays"},
		},
		HeldPredicted: []outage.HeldForecast{
			{Phase: outage.PhaseFault, Connection: "busy", Fates: []outage.Fate{outage.FateFIN, outage.FateRST}, MaxMs: 5, Formula: "the kernel closes"},
			{Phase: outage.PhaseFault, Connection: "idle", Fates: []outage.Fate{outage.FateFIN}, MaxMs: 5, Formula: "the kernel closes", EndsMs: 30000, EndsBy: "client"},
		},
	}
	for i := 1; i <= runs; i++ {
		f, b := quick(-0.2, 3+2.7*float64(i*7%5))
		switch i {
		case 1, 2:
			f.busy, f.idle = outage.Held{Fate: outage.FateRST, AfterMs: float64(i)}, outage.Held{Fate: outage.FateFIN, AfterMs: 0.4}
		case 3:
			f.back = 27
			f.busy, f.idle = outage.Held{Fate: outage.FateHang, AfterMs: 812, Sent: 2}, outage.Held{Fate: outage.FateRST, AfterMs: 900, InUse: true}
		case 4:
			f.invalid = "the prober was late by 38.4 ms, more than the floor of 2 ms"
		}
		s.Runs = append(s.Runs, runOf(s.Kind, s.Cluster, i, f, b))
	}
	return finish(s)
}

func keepalivedKill() outage.ScenarioResult {
	s := outage.ScenarioResult{
		Name: "frontend/keepalived-kill", Kind: "keepalived-kill", Cluster: "frontend",
		Description: "keepalived, parent and children together, is killed: the VIP stays behind on the dead node's interface.",
		Predictions: []outage.Prediction{{Metric: "edge.outage", MinMs: 0, MaxMs: 31, MeanMs: 20, Formula: "3·10 ms + (256−253)/256·10 ms = 30.1 ms"}},
	}
	for i := 1; i <= 5; i++ {
		f, b := quick(3, 3+6*float64(i))
		f.keep = i != 2
		if i == 2 {
			f.must = outage.InvTwoHolders
		}
		s.Runs = append(s.Runs, runOf(s.Kind, s.Cluster, i, f, b))
	}
	return finish(s)
}

func appHang() outage.ScenarioResult {
	s := outage.ScenarioResult{
		Name: "backend/app-hang", Kind: "app-hang", Cluster: "backend",
		Description: "One app freezes: it accepts requests and answers none. HAProxy tries the other one.",
		Predictions: []outage.Prediction{{Metric: "edge.outage", Formula: "the edge is not touched"}, {Metric: "stack.outage", Formula: "retry after the server's timeout"},
			{Metric: "stack.latency_max", MaxMs: 405, MeanMs: 300, Formula: "timeout server 300, then the other app's own time"}},
	}
	for i := 1; i <= 5; i++ {
		f := plot{phase: outage.PhaseFault, old: "backend-01", new: "backend-01", dies: 9000, back: 9000,
			from: -400, to: 1500, adverts: 10, slowStack: 305 + 3*float64(i)}
		s.Runs = append(s.Runs, runOf(s.Kind, s.Cluster, i, f, plot{}))
	}
	s.Runs[4].Error, s.Runs[4].Phases, s.Runs[4].Recorded = "backend-01's app did not freeze: the engine answered \x1b[31m500\x1b[0m", nil, nil
	return finish(s)
}

func nodeCrashClassic() outage.ScenarioResult {
	s := outage.ScenarioResult{
		Name: "frontend/node-crash", Kind: "node-crash", Cluster: "frontend",
		Description: "The whole node is gone at once, as if its power had been cut.",
		Predictions: []outage.Prediction{{Metric: "edge.outage", MinMs: 2613, MaxMs: 3613, MeanMs: 3113, Formula: "3·1000 ms + (256−99)/256·1000 ms − 0…1000 ms"}},
	}
	for i := 1; i <= 7; i++ {
		f, _ := quick(0.5, 2700+110*float64(i))
		f.to, f.adverts, f.from = 6000, 1000, -1500
		b := plot{phase: outage.PhaseFailback, old: "frontend-02", new: "frontend-01", dies: 1, back: 14, from: -400, to: 2500, adverts: 1000}
		s.Runs = append(s.Runs, runOf(s.Kind, s.Cluster, i, f, b))
	}
	return finish(s)
}

func nodeCrashFast() outage.ScenarioResult {
	s := nodeCrashClassic()
	s.Predictions = []outage.Prediction{{Metric: "edge.outage", MinMs: 10, MaxMs: 31, MeanMs: 20, Formula: "2·10 ms + (256−253)/256·10 ms"}}
	for i := range s.Runs {
		f, b := quick(0.5, 14+2.4*float64(i))
		s.Runs[i] = runOf(s.Kind, s.Cluster, i+1, f, b)
	}
	return finish(s)
}

// haproxyHangClassic is a fault that nothing ends.
func haproxyHangClassic() outage.ScenarioResult {
	s := outage.ScenarioResult{
		Name: "frontend/haproxy-hang", Kind: "haproxy-hang", Cluster: "frontend",
		Description: "HAProxy freezes: its port is open and nobody answers.",
		Predictions: []outage.Prediction{{Metric: "edge.outage", Never: true, Formula: "nothing watches whether HAProxy answers"}},
	}
	for i := 1; i <= 2; i++ {
		f := plot{phase: outage.PhaseFault, old: "frontend-01", new: "frontend-01", dies: 1, back: 1e9, from: -400, to: 3000, adverts: 1000}
		s.Runs = append(s.Runs, runOf(s.Kind, s.Cluster, i, f, plot{}))
	}
	return finish(s)
}

// drilled is a whole result on the fast profile.
func drilled() *outage.Result {
	r := &outage.Result{
		Schema: outage.Schema, Halab: "0.3.0", Date: made, Lab: "halab", Base: "debian12", Profile: "fast",
		Machine: outage.Machine{Kernel: "6.1.0-31-amd64", CPUs: 2, MemoryMiB: 7951, Engine: "20.10.24", System: "Debian GNU/Linux 12 (bookworm)", Cgroup: "1"},
		Daemons: map[string]string{"haproxy": "2.6.12", "keepalived": "2.2.7"},
		Seed:    42, Repeat: 5, FloorMs: 2,
		Scenarios: []outage.ScenarioResult{haproxyKill(5), keepalivedKill(), appHang(), nodeCrashFast()},
	}
	budget, err := outage.ParseBudget("edge.outage.p95<=15ms,backend/app-hang:stack.failed==0,frontend/node-freeze:edge.outage.max<=100ms")
	if err != nil {
		panic(err)
	}
	verdict := budget.Evaluate(r.Scenarios)
	r.Budget = &verdict
	return r
}

// classic is the same lab on the timers of 2015.
func classic() *outage.Result {
	r := drilled()
	r.Profile, r.Budget = "classic", nil
	r.Scenarios = []outage.ScenarioResult{nodeCrashClassic(), haproxyHangClassic()}
	return r
}

// hostile is a result whose every name tries to get out of where it is shown.
func hostile() *outage.Result {
	const evil = "<script>alert(1)</script>|\x1b[2J\u202e`]]>\n# x"
	r := drilled()
	r.Lab, r.Base, r.Profile, r.Halab, r.Machine.System = evil, evil, evil, evil, evil
	r.Daemons = map[string]string{evil: evil}
	s := haproxyKill(2)
	s.Name, s.Description = evil, evil
	s.Flags = []outage.Flag{{Run: 1, Metric: evil, Text: evil}}
	s.Predictions[0].Formula, s.Predictions[0].Assumes = evil, evil
	for i := range s.Runs {
		s.Runs[i].Target, s.Runs[i].Error = evil, evil
		for j := range s.Runs[i].Phases {
			a := &s.Runs[i].Phases[j]
			a.Invalid, a.Valid = evil, false
			for k := range a.Anatomy {
				a.Anatomy[k].Node, a.Anatomy[k].Source = evil, evil
			}
			for k := range a.Holders {
				a.Holders[k].Node = evil
			}
			a.Streams[0].Name = strings.Repeat(evil, 2)
			a.Invariants = append(a.Invariants, outage.Invariant{Name: evil, Ms: 1, Expect: outage.Never})
		}
	}
	r.Scenarios = []outage.ScenarioResult{s}
	r.Budget = &outage.BudgetVerdict{Budget: evil, Checks: []outage.BudgetCheck{{Condition: evil, Scenario: evil, Text: evil}}}
	return r
}
