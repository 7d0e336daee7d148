package predict

import (
	"fmt"

	"halab/internal/outage"
)

// connectFailMs is how long it takes to learn that nothing listens any more: a
// round trip.
const connectFailMs = 1

// app is what the death of an app costs: the VIP stays, and HAProxy must use
// the other one.
func (m model) app() []outage.Prediction {
	edge := exactly(0, "HAProxy itself answers at the edge; the VIP does not move")
	out := []outage.Prediction{edge.prediction("edge.outage")}
	hang := m.effect.Silent
	if !m.proxy.saves() {
		return append(out, m.unsaved(hang).prediction("stack.outage_sum"), edge.prediction("failback.edge.outage"))
	}
	stack := exactly(0, "retry-on and redispatch: a request that fails is repeated at the other app")
	out = append(out, stack.prediction("stack.outage"))
	if hang && m.proxy.ServerMs > 0 {
		wait := between(0, m.proxy.ServerMs+signEveryMs, fmt.Sprintf(
			"timeout server %g, then the other app's own time", m.proxy.ServerMs))
		wait.mean = m.proxy.ServerMs
		p := wait.prediction("stack.latency_max")
		p.MaxMs += answerMs
		p.Assumes = "up to 80 ms for the other app's answer; " + assumes
		out = append(out, p)
	}
	return append(out, edge.prediction("failback.edge.outage"), stack.prediction("failback.stack.outage"))
}

// unsaved is the time lost by requests that a dead server has, or gets until the
// checks call it down: its share of all. HAProxy before 2.0 repeats none that a
// server took, and a hung one takes them. One that is gone refuses, and with
// redispatch the request goes to the other server: what is lost then was in hand.
func (m model) unsaved(hang bool) span {
	p := m.proxy
	fail := float64(connectFailMs)
	if hang {
		fail = p.checkFailMs()
	}
	low, down := p.DownMs(fail)
	until := fmt.Sprintf("until the checks call it down: at most inter %g + %d checks that take %g to fail + %d·%g between them = %g",
		p.InterMs, p.Fall, fail, p.Fall-1, p.fastMs(), down)
	share := float64(max(1, p.Servers))
	switch {
	case hang && p.ServerMs > 0:
		return span{mean: (low + down) / 2 / share, high: down, formula: fmt.Sprintf(
			"%s; its share of the requests, 1 of %g, fails after timeout server %g and is not repeated elsewhere", until, share, p.ServerMs)}
	case !hang && p.Redispatch && p.Retries > 0 && p.Servers > 1:
		return span{high: down, formula: until + "; it refuses connections, and redispatch takes them to the other app: only what it had in hand is lost"}
	}
	return span{mean: (low + down) / 2 / share, high: down, formula: fmt.Sprintf(
		"%s; its share of the requests, 1 of %g, is not repeated elsewhere in time", until, share)}
}

// answerMs is what the other app may take for its answer on a busy machine.
const answerMs = 80
