// Package predict says, from the facts of a lab's configuration files, what a drill
// must measure: the arithmetic of package forecast as figures of a drill's metrics.
// It is pure.
package predict

import (
	"math"
	"net/netip"

	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/forecast"
	"halab/internal/effect"
	"halab/internal/outage"
	"halab/internal/problem"
)

// Input is what a prediction is made from.
type Input struct {
	Effect effect.Effect // of what is done
	Nodes  []facts.Node  // of the cluster that is hit
	VIP    netip.Addr    // of that cluster
	Target string        // the node that is hit
	Holder string        // the node that holds the VIP
	Agent  forecast.Agent
}

// Expected is what is predicted, and why the outage at the edge is not where it is
// not.
type Expected struct {
	List []outage.Prediction
	Held []outage.HeldForecast
	None string
}

// handlingMs: until the new master has set the address and announced it, and
// switches and clients have learnt it.
const handlingMs = 5

const assumes = "up to 5 ms for the new master to set and announce the address, and a machine that lets every timer run out in time"

// Predict computes what to expect of an effect and of its failback. Where the files
// don't decide an outcome, it says why.
func Predict(in Input) (Expected, error) {
	c := forecast.Together(in.Nodes, in.VIP, in.Agent)
	target, found := c.Member(in.Target)
	if in.Effect.On == effect.App {
		var node facts.Node
		for _, n := range in.Nodes {
			if n.Name == in.Holder {
				node = n
			}
		}
		out := app(in.Effect, forecast.ServiceOf(&node.HAProxy))
		out.Held = bothPhases(in.Effect, forecast.Row{Held: forecast.HeldStay}, forecast.Row{Held: forecast.HeldStay})
		return out, nil
	}
	if !found || len(c.Members) < 2 && len(in.Nodes) > 1 {
		return Expected{}, problem.New("keepalived.conf has no vrrp_instance, so nothing moves the VIP").
			Cure("look at it", "halab config keepalived NODE")
	}
	if in.Effect.All {
		return Expected{None: "how soon machines and their HAProxy run again is in no file; once keepalived runs: " + c.Start().Formula}, nil
	}
	if in.Target != in.Holder {
		r := c.Elsewhere(in.Effect, target)
		return expected(in.Effect, r, r, r.Outcome == forecast.Stays), nil
	}
	r := c.Fault(in.Effect, target)
	back, known := c.Back(in.Effect, target, r)
	return expected(in.Effect, r, back, known), nil
}

// expected makes predictions of the outage at the edge, and of that of the failback
// where it is known.
func expected(of effect.Effect, r, back forecast.Row, known bool) Expected {
	if r.Outcome == forecast.Unknown {
		return Expected{None: r.Formula}
	}
	e := Expected{List: []outage.Prediction{edge("edge.outage", r)}}
	if !known || back.Outcome == forecast.Unknown {
		e.Held = held(outage.PhaseFault, of, r)
		return e
	}
	e.List = append(e.List, edge("failback.edge.outage", back))
	e.Held = bothPhases(of, r, back)
	return e
}

// edge is a row as a prediction of how long new connections are not served. Where two
// nodes hold the VIP, one of them answers.
func edge(metric string, r forecast.Row) outage.Prediction {
	switch r.Outcome {
	case forecast.Never, forecast.Nobody, forecast.Endless:
		return outage.Prediction{Metric: metric, Never: true, Formula: "never, until it is restored: " + r.Formula}
	case forecast.Moves:
		return figure(metric, r.MinMs, r.MeanMs, r.MaxMs, r.Formula)
	}
	return figure(metric, 0, 0, 0, r.Formula)
}

// figure adds the handling to a range.
func figure(metric string, low, mean, high float64, formula string) outage.Prediction {
	return outage.Prediction{Metric: metric, MinMs: round(low), MaxMs: round(high + handlingMs), MeanMs: round(mean), Formula: formula, Assumes: assumes}
}

func round(v float64) float64 { return math.Round(v*1e3) / 1e3 }
