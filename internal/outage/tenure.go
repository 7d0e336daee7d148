package outage

import (
	"cmp"
	"math"
	"slices"
	"time"

	"halab/internal/agentapi"
	"halab/internal/effect"
)

// always is the whole of time.
func always() stretch { return stretch{math.MinInt64 / 2, math.MaxInt64 / 2} }

// condition follows something that is or is not so on one node, through its
// events: say tells for an event whether it is so from then on; changed is
// false for events that say nothing of it.
func (v *view) condition(node string, initially bool, say func(agentapi.Event) (is, changed bool)) stretches {
	all := always()
	var out []stretch
	is, since := initially, all.from
	for _, e := range v.events {
		if e.Node != node {
			continue
		}
		now, changed := say(e)
		if !changed || now == is {
			continue
		}
		if is {
			out = append(out, stretch{since, e.Mono})
		}
		is, since = now, e.Mono
	}
	if is {
		out = append(out, stretch{since, all.to})
	}
	return ordered(out)
}

// dead is when a node did not exist: from its crash, or from when it was asked
// to end, until its process 1 starts again. Its interface is gone with it.
func (v *view) dead(node string) stretches {
	var out stretches
	if v.rec.Effect.EndsNode() && !v.rec.Effect.Resigns && node == v.rec.Target {
		end := always().to
		for _, e := range v.events {
			if e.Node == node && e.Name == agentapi.EventStarted && e.Mono >= v.fault.at {
				end = e.Mono
				break
			}
		}
		out = stretches{{v.fault.at, end}}
	}
	return out.or(v.condition(node, false, func(e agentapi.Event) (bool, bool) {
		return e.Name == agentapi.EventStopping, e.Name == agentapi.EventStopping || e.Name == agentapi.EventStarted
	}))
}

// still is when what was hit on a node did not run, without having ended.
func (v *view) still(node string) stretches {
	if node != v.rec.Target {
		return nil
	}
	end := always().to
	if restore, ok := v.moment(MarkRestore); ok {
		end = restore
		for _, e := range v.events { // the first that it says again
			if e.Node == node && e.Mono >= restore {
				end = e.Mono
				break
			}
		}
	}
	return stretches{{v.fault.at, end}}
}

// holding is when a node's interface had the cluster's VIP.
func (v *view) holding(node string) stretches {
	initially := node == v.rec.Holder
	if s, ok := v.rec.States[node]; ok {
		initially = v.has(s)
	}
	held := v.condition(node, initially, func(e agentapi.Event) (bool, bool) {
		switch e.Name {
		case agentapi.EventVIPAdded:
			return true, bare(e.Address) == v.vip
		case agentapi.EventVIPRemoved:
			return false, bare(e.Address) == v.vip
		case agentapi.EventStarted:
			return v.has(e.State), true
		}
		return false, false
	})
	return held.without(v.dead(node))
}

func (v *view) has(s agentapi.State) bool {
	return slices.ContainsFunc(s.VIPs, func(a string) bool { return bare(a) == v.vip })
}

// withoutHAProxy is when a node's HAProxy did not answer.
func (v *view) withoutHAProxy(node string) stretches {
	s, known := v.rec.States[node]
	out := v.condition(node, known && s.HAProxy != "" && s.HAProxy != "up", func(e agentapi.Event) (bool, bool) {
		switch e.Name {
		case agentapi.EventHAProxyGone, agentapi.EventHAProxyHung:
			return true, true
		case agentapi.EventHAProxyUp:
			return false, true
		}
		return false, false
	})
	if e := v.rec.Effect; e.On == effect.HAProxy && e.Silent && node == v.rec.Target { // its node learnt of it later
		for _, s := range out {
			if s.from > v.fault.at {
				out = out.or(stretches{{v.fault.at, s.from}})
				break
			}
		}
	}
	if v.rec.Effect.StopsNode() {
		out = out.or(v.still(node))
	}
	return out
}

// withoutKeepalived is when a node's keepalived was gone, or did nothing.
func (v *view) withoutKeepalived(node string) stretches {
	s, known := v.rec.States[node]
	out := v.condition(node, known && s.Keepalived == "gone", func(e agentapi.Event) (bool, bool) {
		switch e.Name {
		case agentapi.EventKeepalivedGone:
			return true, true
		case agentapi.EventKeepalivedUp:
			return false, true
		}
		return false, false
	})
	if v.rec.Effect.StopsVRRP() {
		out = out.or(v.still(node))
	}
	return out
}

// lapse is after how many of its own intervals without an advert a master's
// claim is over: RFC 5798, section 6.1 has three and the skew.
const lapse = 3.5

// claiming is when a node's adverts said that it is master: from an advert to
// the last one of an unbroken row. A resignation ends the row.
func (v *view) claiming(node string) stretches {
	var out []stretch
	var from, last, patience int64
	open := false
	for _, e := range v.wire {
		if v.sender(e) != node {
			continue
		}
		if open && e.At-last > patience {
			out = append(out, stretch{from, last + 1})
			open = false
		}
		if e.Priority == 0 {
			if open {
				out = append(out, stretch{from, e.At + 1})
				open = false
			}
			continue
		}
		if !open {
			from, open = e.At, true
		}
		last, patience = e.At, v.patience(e)
	}
	if open {
		out = append(out, stretch{from, last + 1})
	}
	return ordered(out)
}

// patience is how long an advert's claim may stand alone, in nanoseconds; it is
// never below what a busy machine delays one by.
func (v *view) patience(e agentapi.WireEvent) int64 {
	interval := time.Duration(e.Interval) * 10 * time.Millisecond
	if interval == 0 {
		interval = time.Second
	}
	return int64(max(lapse*float64(interval), float64(100*time.Millisecond)))
}

// tenures makes a list in order of time of who had something within the phase.
func (v *view) tenures(of func(string) stretches) []Tenure {
	var out []Tenure
	for _, n := range v.members {
		for _, s := range of(n.Name).and(stretches{{v.from, v.to}}) {
			out = append(out, Tenure{Node: n.Name, Span: v.span(s)})
		}
	}
	slices.SortStableFunc(out, func(a, b Tenure) int { return cmp.Compare(a.FromMs, b.FromMs) })
	return out
}
