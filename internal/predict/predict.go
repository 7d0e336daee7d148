// Package predict computes, from the two configuration files as the nodes have
// them, how long a client must expect to wait for each kind of fault: the
// arithmetic that a measurement is held against. It is pure.
//
// keepalived.go and haproxy.go read the files into plain structs; the rest
// reads those structs alone. The VRRP numbers are those of RFC 3768 (version 2)
// and RFC 5798 (version 3), sections 6.1 and 6.4.2, with what keepalived does
// beyond them.
package predict

import (
	"fmt"
	"math"

	"halab/internal/effect"
	"halab/internal/outage"
)

// Node is the configuration of one node as it has it.
type Node struct {
	Keepalived        string // text of keepalived.conf
	HAProxy           string // text of haproxy.cfg
	KeepalivedVersion string // as the daemon prints it, e.g. 2.2.7
	HAProxyVersion    string
}

// Input is what a prediction is made from.
type Input struct {
	Effect  effect.Effect // of what is done
	Holder  Node          // the node that is hit and holds the VIP
	Backups []Node        // the other nodes of its cluster
	// Acts says that process 1 of the nodes is told to act on HAProxy's end
	// (HALAB_PROFILE=fast): it writes agentapi.FaultFile, and a HAProxy that is
	// stopped writes agentapi.HandoverFile first. Whether that moves the VIP is
	// decided by keepalived.conf, which follows these files or does not; only
	// before 2.0 does the supervisor of keepalived do it, whatever the file says.
	Acts bool
	// Lingers says that process 1 keeps a VIP for a while after keepalived gave
	// it up (it acts, and the node is a container): HAProxy goes on answering.
	Lingers bool
}

// Times that are in no configuration file, in milliseconds.
const (
	// noticeMs: until process 1 of the node has seen that a connection closed
	// and keepalived has been told.
	noticeMs = 2
	// A hanging HAProxy is asked every signEveryMs and has signWithinMs to
	// answer, and signGraceMs more are given.
	signEveryMs  = 20
	signWithinMs = 75
	signGraceMs  = 3
	// lingerMs is how long process 1 keeps a VIP that was given up.
	lingerMs = 1000
	// handoverMs is how long a HAProxy that is stopped goes on answering once the
	// VIP has left its node.
	handoverMs = 100
	// handlingMs: until the new master has set the address and announced it, and
	// switches and clients have learnt it.
	handlingMs = 5
)

const assumes = "up to 5 ms for the new master to set and announce the address, and a machine that lets every timer run out in time"

// span is a predicted stretch of time with its arithmetic. One that never ends
// has the reason as its formula.
type span struct {
	low, mean, high float64
	formula         string
	never           bool
}

func exactly(ms float64, formula string) span {
	return span{low: ms, mean: ms, high: ms, formula: formula}
}

// between is a stretch that is anywhere from low to high, with the same chance.
func between(low, high float64, formula string) span {
	return span{low: low, mean: (low + high) / 2, high: high, formula: formula}
}

func never(reason string) span {
	return span{never: true, formula: "never, until it is restored: " + reason}
}

func (a span) plus(b span) span {
	s := span{low: a.low + b.low, mean: a.mean + b.mean, high: a.high + b.high, formula: a.formula}
	if b.formula != "" {
		s.formula += " + " + b.formula
	}
	return s
}

// prediction adds the handling and makes the public form.
func (a span) prediction(metric string) outage.Prediction {
	if a.never {
		return outage.Prediction{Metric: metric, Never: true, Formula: a.formula}
	}
	return outage.Prediction{
		Metric: metric, MinMs: round(a.low), MaxMs: round(a.high + handlingMs), MeanMs: round(a.mean),
		Formula: a.formula, Assumes: assumes,
	}
}

func round(v float64) float64 { return math.Round(v*1e3) / 1e3 }

// model is an input, read.
type model struct {
	effect  effect.Effect
	acts    bool
	lingers bool
	holder  VRRP
	backups []VRRP
	proxy   Proxy // of the holder
}

// Predict computes what to expect of a kind of fault and of its failback. A
// kind whose outcome the files don't decide has no prediction.
func Predict(in Input) ([]outage.Prediction, error) {
	m := model{
		effect: in.Effect, acts: in.Acts, lingers: in.Lingers,
		holder: ParseKeepalived(in.Holder.Keepalived, in.Holder.KeepalivedVersion),
		proxy:  ParseHAProxy(in.Holder.HAProxy),
	}
	for _, n := range in.Backups {
		if v := ParseKeepalived(n.Keepalived, n.KeepalivedVersion); v.Found {
			m.backups = append(m.backups, v)
		}
	}
	if in.Effect.On == effect.App {
		return m.app(), nil
	}
	if !m.holder.Found || len(m.backups) == 0 && len(in.Backups) > 0 {
		return nil, fmt.Errorf("keepalived.conf has no vrrp_instance, so nothing moves the VIP\n  look at it:  halab config keepalived NODE")
	}
	s, ok := m.fault()
	if !ok {
		return nil, nil
	}
	out := []outage.Prediction{s.prediction("edge.outage")}
	if back, ok := m.failback(s); ok {
		out = append(out, back.prediction("failback.edge.outage"))
	}
	return out, nil
}
