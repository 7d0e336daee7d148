package report

import (
	"math"
	"sort"

	"halab/internal/agentapi"
	"halab/internal/outage"
)

// scene is what a picture of one phase of a run shows, in milliseconds since
// the fault, before it has a place on paper.
type scene struct {
	analysis outage.Analysis
	from, to float64 // the stretch that is shown large
	streams  []probes
	nodes    []string // of the cluster that was hit, in the order of their lanes
	colours  map[string]colour
	outage   *outage.Span // the longest of the first stream that had one
	edge     *outage.Span // the longest at the edge
	expected *outage.Prediction
}

// probes are the dots of one stream.
type probes struct {
	name   string
	spans  []outage.Span
	dots   []probe
	failed int
}

type probe struct {
	due, latency float64 // ms; due since the fault
	node         string
	failed       bool
}

// newScene collects what is to be drawn of a phase.
func newScene(s outage.ScenarioResult, run outage.Run, a outage.Analysis, colours map[string]colour) scene {
	sc := scene{analysis: a, colours: colours, nodes: clusterNodes(s, run, a)}
	for _, st := range a.Streams {
		p := probes{name: st.Name, spans: st.Spans}
		if run.Recorded != nil {
			p.dots = probesOf(run.Recorded, a, st.Name)
		}
		for _, d := range p.dots {
			if d.failed {
				p.failed++
			}
		}
		sc.streams = append(sc.streams, p)
		if sc.outage == nil {
			sc.outage = longest(st.Spans)
		}
		if st.Name == agentapi.StreamEdge {
			sc.edge = longest(st.Spans)
		}
	}
	sort.SliceStable(sc.streams, func(i, j int) bool { return streamRank(sc.streams[i].name) < streamRank(sc.streams[j].name) })
	for i := range s.Predictions {
		if s.Predictions[i].Metric == outageMetric(a.Phase, agentapi.StreamEdge) {
			sc.expected = &s.Predictions[i]
		}
	}
	sc.from, sc.to = focus(sc)
	return sc
}

func streamRank(name string) int {
	switch name {
	case agentapi.StreamEdge:
		return 0
	case agentapi.StreamStack:
		return 1
	case agentapi.StreamKeepalive:
		return 2
	}
	return 3
}

func longest(spans []outage.Span) *outage.Span {
	var out *outage.Span
	for i := range spans {
		if out == nil || spans[i].Ms() > out.Ms() {
			out = &spans[i]
		}
	}
	return out
}

// clusterNodes lists the nodes of the cluster that was hit.
func clusterNodes(s outage.ScenarioResult, run outage.Run, a outage.Analysis) []string {
	seen := map[string]bool{}
	if run.Recorded != nil {
		for _, n := range run.Recorded.Nodes {
			if n.Cluster == s.Cluster {
				seen[n.Name] = true
			}
		}
	}
	for _, t := range append(append([]outage.Tenure{}, a.Holders...), a.Masters...) {
		seen[t.Node] = true
	}
	var out []string
	for n := range seen {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

// probesOf are the samples of a stream that were due within the phase.
func probesOf(rec *outage.Recording, a outage.Analysis, name string) []probe {
	cluster := map[string]string{}
	for _, n := range rec.Nodes {
		cluster[n.Name] = n.Cluster
	}
	var out []probe
	for _, s := range rec.Samples {
		due := float64(s.Due-a.At) / 1e6
		if s.Stream != name || due < a.FromMs || due > a.ToMs {
			continue
		}
		p := probe{due: due, latency: float64(s.Done-s.Due) / 1e6, failed: !s.OK(), node: s.Node}
		if s.Backend != "" && cluster[s.Backend] == rec.Cluster {
			p.node = s.Backend
		}
		out = append(out, p)
	}
	return out
}

// focus chooses the stretch around the fault that is worth seeing large: from
// before the fault until after the last thing that happened because of it. A
// soak has no such thing and is shown whole.
func focus(s scene) (from, to float64) {
	a := s.analysis
	if a.Phase == outage.PhaseSoak {
		return a.FromMs, a.ToMs
	}
	lo, hi := 0.0, 0.0
	for _, st := range a.Anatomy {
		if st.Seen() {
			lo, hi = min(lo, st.AtMs), max(hi, st.AtMs)
		}
	}
	for _, p := range s.streams {
		for _, sp := range p.spans {
			lo, hi = min(lo, sp.FromMs), max(hi, sp.ToMs)
		}
	}
	if s.outage == nil {
		hi = max(hi, lastSlow(s.streams))
	}
	if hi-lo < 1 {
		hi = 300 // nothing happened, and that is what is to be seen
	}
	if s.expected != nil && s.expected.MaxMs < 3*max(hi, 20) {
		hi = max(hi, s.expected.MaxMs)
	}
	lo = max(lo, -max(60, 0.6*hi)) // an advert may be a whole second old
	pad := max(25, 0.35*(hi-lo))
	return max(lo-pad, a.FromMs), math.Max(min(hi+pad, a.ToMs), lo+1)
}

// lastSlow is when the last probe was due that waited long for its answer: where
// nothing failed, that is what the fault did.
func lastSlow(streams []probes) float64 {
	last := 0.0
	for _, p := range streams {
		for _, d := range p.dots {
			if d.due >= 0 && d.latency > 100 {
				last = max(last, d.due)
			}
		}
	}
	return last
}

// palette gives each node a colour, the same one all over the page: by its
// order in its cluster, the clusters one after the other.
func palette(r *outage.Result) (map[string]colour, []string) {
	seen := map[string]bool{}
	var names []string
	add := func(n string) {
		if n != "" && !seen[n] {
			seen[n] = true
			names = append(names, n)
		}
	}
	for _, s := range r.Scenarios {
		for _, run := range s.Runs {
			if run.Recorded != nil {
				for _, n := range run.Recorded.Nodes {
					add(n.Name)
				}
			}
			for _, a := range run.Phases {
				for _, t := range append(append([]outage.Tenure{}, a.Holders...), a.Masters...) {
					add(t.Node)
				}
			}
		}
	}
	sort.Strings(names)
	out := map[string]colour{}
	for i, n := range names {
		out[n] = nodeColour + colour(i%nodeColours)
	}
	return out, names
}
