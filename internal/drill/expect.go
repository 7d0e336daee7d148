package drill

import (
	"cmp"
	"fmt"
	figures "halab/internal/daemonconf/forecast"
	"maps"
	"slices"
	"time"

	"halab/internal/effect"
	"halab/internal/outage"
	"halab/internal/predict"
)

// margin is added to what the files say, for the engine and the probes.
const margin = 100 * time.Millisecond

// patience is how long a drill of the scenario waits for what. It watches
// longer than a request may be under way that a hung server has: with HAProxy
// 1.5 such a request is lost after its server timeout of 1 s, and a drill that
// restored before saw none. And it does not restore before the outage should be
// over: a check of 3 s that must fail ten times takes half a minute.
func (f *forecast) patience(t timing, sc Scenario) timing {
	for _, name := range f.members("") {
		if f.own { // nothing is asked through all tiers, so no such answer is waited for
			t.settle, t.calm = max(t.settle, ownRest), max(t.calm, ownCalm)
			t.rest = f.rest()
			break
		}
		n := f.nodes[name]
		p := figures.ServiceOf(&n.HAProxy)
		ms := p.LongestMs(stackTimeoutMs)
		if e := sc.Effect; e.Silent && e.On != effect.HAProxy && e.On != effect.Keepalived {
			ms = p.HungMs(stackTimeoutMs)
		}
		t.settle = max(t.settle, milliseconds(ms)+margin)
	}
	for _, name := range f.members(sc.Cluster) {
		e, err := f.predict(sc, name, name)
		if err != nil {
			continue // told when the runs are judged
		}
		for _, p := range e.List {
			if p.Never && f.own {
				t.recovery = max(t.recovery, neverWatched)
				continue
			}
			t.recovery = max(t.recovery, milliseconds(p.MaxMs)+t.calm+time.Second)
		}
	}
	return t
}

// ownRest is how long a VIP of the user's own files must stay where it is before it is
// taken to be at rest: a node that came back and has the higher priority takes it after
// three adverts, which are a second each where no file says otherwise.
const ownRest = 5 * time.Second

// ownCalm is how long clients of the user's own files must be served before a phase
// ends. An outage that ended within the last second of its phase counts as one that
// the mending ended, and a VIP that moved after all must not pass for one that never does.
const ownCalm = 2 * time.Second

// rest is how long a VIP of the user's own files must stay where it is after a mending,
// and before a fault: its check must pass so often as the file says before a node that
// came back takes it, "rise 2" of an interval of 3 s is nine seconds at most.
func (f *forecast) rest() time.Duration {
	longest := 0.0
	for _, n := range f.nodes {
		for _, s := range n.Keepalived.Scripts {
			longest = max(longest, s.IntervalMs.V*float64(s.Rise.V+1))
		}
	}
	return ownRest + min(milliseconds(longest), neverWatched)
}

// neverWatched is how long a drill of the user's own files waits for a VIP that by the
// files never moves. A slow check takes half a minute, such as ten failures of one in
// three seconds: what has not moved in twice that is held to stay.
const neverWatched = 60 * time.Second

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// members lists the nodes of a cluster, or all when none is named.
func (f *forecast) members(cluster string) []string {
	if f == nil {
		return nil
	}
	if cluster != "" {
		return f.clusters[cluster]
	}
	return slices.Sorted(maps.Keys(f.nodes))
}

// expect sets a result's runs beside what was to be expected of them. Which node
// is hit changes from run to run, and each run is judged by the files of the
// node that it hit, and by whether that held the VIP; the prediction that is shown is
// for all of them.
func (f *forecast) expect(sc Scenario, result *outage.ScenarioResult) error {
	if sc.KnownMs > 0 {
		result.Predictions = []outage.Prediction{{
			Metric: "edge.outage", MinMs: sc.KnownMs, MaxMs: sc.KnownMs, MeanMs: sc.KnownMs,
			Formula: fmt.Sprintf("%g ms, as made by the packet filter", sc.KnownMs),
		}}
		result.Flags = outage.Flags(*result, result.Predictions)
		return nil
	}
	for _, hit := range hits(*result) {
		var own predict.Expected
		if hit.target != "" {
			var err error
			if own, err = f.predict(sc, hit.target, cmp.Or(hit.holder, hit.target)); err != nil {
				return err
			}
		}
		result.Predictions = widen(result.Predictions, own.List, hit.target)
		result.HeldPredicted = widenHeld(result.HeldPredicted, own.Held)
		result.NoPrediction = cmp.Or(result.NoPrediction, own.None)
		part := *result
		part.Runs = slices.DeleteFunc(slices.Clone(result.Runs), func(r outage.Run) bool { return hitOf(r) != hit })
		result.Flags = slices.Concat(result.Flags, outage.Flags(part, own.List), outage.HeldFlags(part, own.Held))
	}
	f.idleEnds(sc.Cluster, result.HeldPredicted)
	slices.SortStableFunc(result.Flags, func(a, b outage.Flag) int { return cmp.Compare(a.Run, b.Run) })
	return nil
}

// hit is what a run did to whom: the node that was hit, and the one that held the
// VIP. A soak hits none.
type hit struct{ target, holder string }

func hitOf(r outage.Run) hit { return hit{r.Target, r.Holder} }

// hits lists the different ones of a result's runs.
func hits(result outage.ScenarioResult) []hit {
	var list []hit
	for _, r := range result.Runs {
		if !slices.Contains(list, hitOf(r)) {
			list = append(list, hitOf(r))
		}
	}
	return list
}

// widen joins the predictions for runs that hit a target to those for the runs
// before. Where one outage ends and the other never does, the range is that of
// the one that ends, and the formula tells of the other.
func widen(all, more []outage.Prediction, target string) []outage.Prediction {
	for _, m := range more {
		at := slices.IndexFunc(all, func(p outage.Prediction) bool { return p.Metric == m.Metric })
		switch {
		case at < 0:
			all = append(all, m)
		case all[at].Never && m.Never:
		case m.Never:
			all[at].Formula += fmt.Sprintf("; where %s is hit %s", target, m.Formula)
		case all[at].Never:
			m.Formula += "; where another node is hit " + all[at].Formula
			all[at] = m
		default:
			all[at].MinMs, all[at].MaxMs = min(all[at].MinMs, m.MinMs), max(all[at].MaxMs, m.MaxMs)
			all[at].MeanMs = (all[at].MeanMs + m.MeanMs) / 2
		}
	}
	return all
}
