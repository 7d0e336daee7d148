package predict

import (
	"fmt"

	"halab/internal/daemonconf/forecast"
	"halab/internal/effect"
	"halab/internal/outage"
)

// app is what a fault of an app costs: the VIP stays, and HAProxy must use the other
// one.
func app(e effect.Effect, s forecast.Service) Expected {
	const edge = "HAProxy itself answers at the edge; the VIP does not move"
	out := Expected{List: []outage.Prediction{figure("edge.outage", 0, 0, 0, edge)}}
	add := func(metric string, low, mean, high float64, formula string) {
		out.List = append(out.List, figure(metric, low, mean, high, formula))
	}
	switch {
	case !e.Ends && !e.Silent:
		// How slow or how wrong its answers are decides what becomes of requests.
		add("failback.edge.outage", 0, 0, 0, edge)
	case s.Saves(e.Silent):
		const saved = "retry-on and redispatch: a request that fails is repeated at the other app"
		add("stack.outage", 0, 0, 0, saved)
		if e.Silent && s.ServerMs > 0 {
			add("stack.latency_max", 0, s.ServerMs, s.ServerMs+repeatMs, fmt.Sprintf(
				"timeout server %g, then the other app's own time", s.ServerMs))
			last := &out.List[len(out.List)-1]
			last.MaxMs += answerMs
			last.Assumes = "up to 80 ms for the other app's answer; " + assumes
		}
		add("failback.edge.outage", 0, 0, 0, edge)
		add("failback.stack.outage", 0, 0, 0, saved)
	default:
		mean, high, formula := unsaved(s, e.Silent)
		add("stack.outage_sum", 0, mean, high, formula)
		add("failback.edge.outage", 0, 0, 0, edge)
	}
	return out
}

const (
	// answerMs is what the other app may take for its answer on a busy machine, and
	// repeatMs how late the request may be repeated.
	answerMs = 80
	repeatMs = 20
)

// unsaved is the time lost by requests that a dead server has, or gets until the
// checks call it down: its share of all. HAProxy before 2.0 repeats none that a
// server took, and a hung one takes them. One that is gone refuses, and with
// redispatch the request goes to the other server: what is lost then was in hand.
func unsaved(s forecast.Service, hang bool) (mean, high float64, formula string) {
	fail := s.FailMs(hang)
	low, down := s.DownMs(fail)
	until := fmt.Sprintf("until the checks call it down: at most inter %g + %d checks that take %g to fail + %d·%g between them = %g",
		s.InterMs, s.Fall, fail, s.Fall-1, s.FastMs, down)
	share := float64(max(1, s.Servers))
	switch {
	case hang && s.ServerMs > 0:
		return (low + down) / 2 / share, down, fmt.Sprintf(
			"%s; its share of the requests, 1 of %g, fails after timeout server %g and is not repeated elsewhere", until, share, s.ServerMs)
	case !hang && s.Again():
		return 0, down, until + "; it refuses connections, and redispatch takes them to the other app: only what it had in hand is lost"
	}
	return (low + down) / 2 / share, down, fmt.Sprintf(
		"%s; its share of the requests, 1 of %g, is not repeated elsewhere in time", until, share)
}
