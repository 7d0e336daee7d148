package report

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"halab/internal/agentapi"
	"halab/internal/outage"
)

// plot is what happens in a made-up phase, in milliseconds since the fault.
type plot struct {
	phase      outage.Phase
	old, new   string  // holder before and after
	dies       float64 // last moment the old holder answers
	back       float64 // first moment the new one does
	slowStack  float64 // worst stack latency
	keep       bool    // the old holder keeps its VIP (keepalived killed)
	must       string  // invariant that the scenario is there to show
	invalid    string
	busy, idle outage.Held // fates of connections; none where there is no fate
	from, to   float64
	adverts    float64 // interval
}

func nodesOf(cluster string) []outage.NodeInfo {
	last := map[string]int{"frontend": 10, "backend": 20}[cluster]
	var out []outage.NodeInfo
	for i := 1; i <= 2; i++ {
		out = append(out, outage.NodeInfo{
			Name: fmt.Sprintf("%s-%02d", cluster, i), Cluster: cluster,
			Address: fmt.Sprintf("192.168.99.%d", last+i), MAC: fmt.Sprintf("02:68:c0:a8:63:%02x", last+i),
		})
	}
	return out
}

// samplesOf makes the probes of a phase that began at zero (ns).
func samplesOf(p plot, cluster string, zero int64, rnd *rand.Rand) []agentapi.Sample {
	var out []agentapi.Sample
	for _, st := range []struct {
		name string
		rate float64
		base float64
	}{{agentapi.StreamEdge, 500, 0.4}, {agentapi.StreamStack, 50, 6}, {agentapi.StreamKeepalive, 50, 0.3}} {
		worst := p.slowStack
		for i := 0; ; i++ {
			due := p.from + float64(i)*1000/st.rate
			if due > p.to {
				break
			}
			s := agentapi.Sample{Stream: st.name, Due: zero + int64(due*1e6), Status: 200, Node: p.old}
			s.Sent = s.Due + int64(rnd.IntN(80_000))
			latency := st.base * (0.7 + rnd.ExpFloat64())
			if due >= p.back {
				s.Node = p.new
			}
			if st.name == agentapi.StreamStack {
				s.Backend = fmt.Sprintf("backend-%02d", 1+i%2)
				if due > 0 && worst > 0 {
					latency, worst = worst, 0
				}
			}
			if due > p.dies && due < p.back {
				s.Status, s.Node, s.Backend, s.Error = 0, "", "", "timeout"
				latency = 100
				if rnd.IntN(3) == 0 {
					s.Error, latency = "reset", 0.3
				}
			}
			s.Done = s.Due + int64(latency*1e6)
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b agentapi.Sample) int { return int(a.Due - b.Due) })
	return out
}

// analyse is the short way from made-up samples to the figures; how real ones
// are read is package outage's business.
func analyse(p plot, samples []agentapi.Sample, zero int64) outage.Analysis {
	a := outage.Analysis{
		Phase: p.phase, At: zero, AtSource: "node event haproxy-gone", UncertainMs: 0.4,
		FromMs: p.from, ToMs: p.to, Valid: p.invalid == "", Invalid: p.invalid, Elections: 1,
	}
	for _, name := range []string{agentapi.StreamEdge, agentapi.StreamStack, agentapi.StreamKeepalive} {
		st := outage.Stream{Name: name, FloorMs: 2}
		var open *outage.Span
		var latencies []float64
		for _, s := range samples {
			if s.Stream != name {
				continue
			}
			st.Sent++
			due := float64(s.Due-zero) / 1e6
			if s.OK() {
				latencies = append(latencies, float64(s.Done-s.Due)/1e6)
				if open != nil {
					open.ToMs = due
					st.Spans = append(st.Spans, *open)
					open = nil
				}
				continue
			}
			st.Failed++
			if open == nil {
				open = &outage.Span{FromMs: due}
			}
			open.Failed++
			if st.Errors == nil {
				st.Errors = map[string]int{}
			}
			st.Errors[s.Error]++
		}
		if open != nil {
			open.ToMs, open.Open = p.to, true
			st.Spans = append(st.Spans, *open)
		}
		for _, sp := range st.Spans {
			st.OutageSumMs += sp.Ms()
			st.OutageLongestMs = max(st.OutageLongestMs, sp.Ms())
		}
		slices.Sort(latencies)
		st.LatencyP50Ms, st.LatencyMaxMs = latencies[len(latencies)/2], latencies[len(latencies)-1]
		st.LatencyP99Ms = latencies[len(latencies)*99/100]
		if name == agentapi.StreamStack && p.slowStack > 0 {
			st.Retried = 1
		}
		a.Streams = append(a.Streams, st)
	}
	for connection, h := range map[string]outage.Held{agentapi.HeldBusy: p.busy, agentapi.HeldIdle: p.idle} {
		if h.Fate != "" {
			h.Connection, h.VIP = connection, vip
			a.Held = append(a.Held, h)
		}
	}
	a.Anatomy, a.Holders, a.Masters = anatomyOf(p), holdersOf(p, 0), holdersOf(p, p.adverts/2)
	a.Invariants = invariantsOf(p)
	return a
}

func anatomyOf(p plot) []outage.Step {
	if p.old == p.new {
		missing := "no VIP moved"
		return []outage.Step{{Name: outage.StepFault, Source: "node event app-gone", Node: p.old},
			{Name: outage.StepElected, Missing: missing}, {Name: outage.StepVIP, Missing: missing}}
	}
	span := p.back - p.dies
	return []outage.Step{
		{Name: outage.StepFault, AtMs: 0, Node: p.old, Source: "node event haproxy-gone"},
		{Name: outage.StepLastServed, AtMs: p.dies - 0.6, Node: p.old, Source: "edge probe"},
		{Name: outage.StepLastAdvert, AtMs: p.dies - p.adverts*0.4, Node: p.old, Source: "advert on the wire"},
		{Name: outage.StepDetected, AtMs: p.dies + 0.15*span, Node: p.old, Source: "priority 0 on the wire"},
		{Name: outage.StepElected, AtMs: p.dies + 0.6*span, Node: p.new, Source: "advert on the wire"},
		{Name: outage.StepVIP, AtMs: p.dies + 0.65*span, Node: p.new, Source: "netlink on the node"},
		{Name: outage.StepGARP, AtMs: p.dies + 0.7*span, Node: p.new, Source: "ARP on the wire"},
		{Name: outage.StepServed, AtMs: p.back, Node: p.new, Source: "edge probe"},
	}
}

func holdersOf(p plot, late float64) []outage.Tenure {
	if p.old == p.new {
		return []outage.Tenure{{Node: p.old, Span: outage.Span{FromMs: p.from, ToMs: p.to, Open: true}}}
	}
	span := p.back - p.dies
	end := p.dies + 0.2*span
	if p.keep && late == 0 {
		end = p.to
	}
	return []outage.Tenure{
		{Node: p.old, Span: outage.Span{FromMs: p.from, ToMs: end, Open: end == p.to}},
		{Node: p.new, Span: outage.Span{FromMs: p.dies + 0.65*span + late, ToMs: p.to, Open: true}},
	}
}

func invariantsOf(p plot) []outage.Invariant {
	out := []outage.Invariant{
		{Name: outage.InvTwoHolders, Expect: outage.Never},
		{Name: outage.InvNoHolder, Expect: outage.May, Ms: 0.45 * (p.back - p.dies)},
		{Name: outage.InvStaleVIP, Expect: outage.Never},
		{Name: outage.InvFlapping, Expect: outage.Never},
	}
	if p.old == p.new {
		out[1].Ms = 0
	}
	if p.keep {
		out[0] = outage.Invariant{Name: outage.InvTwoHolders, Ms: p.to - p.back, Expect: outage.Must}
		out[2] = outage.Invariant{Name: outage.InvStaleVIP, Ms: p.to, Expect: outage.Must}
	}
	for i := range out {
		if p.must == out[i].Name {
			out[i].Expect = outage.Must
		}
	}
	return out
}

// runOf makes a run of a fault and, one second after its phase, its failback.
func runOf(kind outage.Kind, cluster string, number int, fault, failback plot) outage.Run {
	rnd := rand.New(rand.NewPCG(uint64(number), uint64(len(kind))))
	zero := int64(5_000_000_000 + number*60_000_000_000)
	rec := &outage.Recording{
		Kind: kind, Cluster: cluster, Target: fault.old, Holder: fault.old,
		Nodes: append(nodesOf("frontend"), nodesOf("backend")...),
		VIPs:  []outage.VIPInfo{{Cluster: "frontend", Address: vip, RouterID: 10}},
	}
	run := outage.Run{
		Scenario: cluster + "/" + string(kind), Number: number, Seed: int64(1000 + number), Target: fault.old, VIP: vip,
		Started: made.Add(time.Duration(number) * time.Minute), OffsetMs: float64(number), Recorded: rec,
	}
	for _, p := range []plot{fault, failback} {
		if p.to == 0 {
			continue
		}
		samples := samplesOf(p, cluster, zero, rnd)
		run.Phases = append(run.Phases, analyse(p, samples, zero))
		rec.Samples = append(rec.Samples, samples...)
		zero += 20_000_000_000
	}
	return run
}

// vip is the address that is watched.
const vip = "192.168.99.10"

var made = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
