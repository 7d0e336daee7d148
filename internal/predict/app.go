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
	fail := float64(connectFailMs)
	if m.Kind == outage.KindAppHang {
		fail = m.proxy.checkFailMs()
	}
	_, down := m.proxy.DownMs(fail)
	if !m.proxy.saves() {
		low := 0.0
		sum := span{low, down / 4, down, fmt.Sprintf(
			"until the checks call it down, at most inter %g + %d more checks + %g for the last to fail = %g; every other request goes to it, and is not repeated elsewhere in time",
			m.proxy.InterMs, m.proxy.Fall-1, fail, down)}
		return append(append(out, sum.prediction("stack.outage_sum")), edge.prediction("failback.edge.outage"))
	}
	stack := exactly(0, "retry-on and redispatch: a request that fails is repeated at the other app")
	out = append(out, stack.prediction("stack.outage"))
	if m.Kind == outage.KindAppHang && m.proxy.ServerMs > 0 {
		wait := span{0, m.proxy.ServerMs, m.proxy.ServerMs + signEveryMs, fmt.Sprintf(
			"timeout server %g, then the other app's own time", m.proxy.ServerMs)}
		p := wait.prediction("stack.latency_max")
		p.MaxMs += answerMs
		p.Assumes = "up to 80 ms for the other app's answer; " + assumes
		out = append(out, p)
	}
	return append(out, edge.prediction("failback.edge.outage"), stack.prediction("failback.stack.outage"))
}

// answerMs is what the other app may take for its answer on a busy machine.
const answerMs = 80
