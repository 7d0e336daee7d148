package outage

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"halab/internal/agentapi"
)

// anatomy finds where the milliseconds went.
func (v *view) anatomy() []Step {
	old, next := v.change()
	steps := []Step{{Name: StepFault, Node: v.rec.Target, Source: v.at.source, AtMs: 0}}
	if next == "" {
		for _, name := range StepNames()[1:] {
			steps = append(steps, Step{Name: name, Missing: "the VIP did not move"})
		}
		return steps
	}
	elected := v.electedAt(next)
	return append(steps,
		v.lastServed(old, next),
		v.lastAdvert(old, next),
		v.detected(old, next, elected),
		elected,
		v.vipAt(next),
		v.garpAt(next),
		v.servedAt(old, next),
	)
}

// change says between which nodes the VIP moved in the phase; next is "" where
// it did not move.
func (v *view) change() (old, next string) {
	old = v.rec.Holder
	before, first := int64(math.MinInt64), int64(math.MaxInt64)
	for _, n := range v.members {
		for _, s := range v.holding(n.Name) {
			if s.from < v.at.at && s.to > v.at.at-lead && s.from >= before {
				old, before = n.Name, s.from
			}
		}
	}
	for _, n := range v.members {
		for _, s := range v.holding(n.Name) {
			if n.Name != old && s.from >= v.at.at-slack && s.from < v.to && s.from < first {
				next, first = n.Name, s.from
			}
		}
	}
	if next != "" {
		return old, next
	}
	for _, e := range v.elected() { // the interfaces said nothing
		if e.Node != old && e.Mono >= v.at.at && slices.ContainsFunc(v.members, func(n NodeInfo) bool { return n.Name == e.Node }) {
			return old, e.Node
		}
	}
	return old, ""
}

func (v *view) step(name StepName, at int64, node, source string) Step {
	return Step{Name: name, AtMs: v.ms(at), Node: node, Source: source}
}

// by adds to the evidence that a node's own clock is another than the
// observer's, and how far the correction of its times may be wrong.
func (v *view) by(node, source string) string {
	if within := v.rec.Clocks[node].WithinNs; within > 0 {
		return fmt.Sprintf("%s, its clock corrected to ±%.1f ms", source, float64(within)/1e6)
	}
	return source
}

// direct are the samples that the VIP's holder itself answered, by due.
func (v *view) direct() []agentapi.Sample {
	var out []agentapi.Sample
	for _, s := range v.samples {
		if s.Stream == agentapi.StreamEdge && s.Due >= v.from && s.Due < v.to {
			out = append(out, s)
		}
	}
	return out
}

func (v *view) lastServed(old, next string) Step {
	samples := v.direct()
	first := int64(math.MaxInt64) // of the new holder
	for _, s := range samples {
		if s.OK() && s.Node == next && s.Due > v.at.at-lead {
			first = min(first, s.Done)
		}
	}
	var at int64
	for _, s := range samples {
		if s.OK() && s.Node == old && s.Done < first {
			at = max(at, s.Done)
		}
	}
	if at > 0 {
		return v.step(StepLastServed, at, old, "edge probe, by the MAC address that took the connection")
	}
	for _, s := range samples {
		if !s.OK() && s.Due >= v.at.at {
			break
		}
		if s.OK() && s.Node == "" {
			at = max(at, s.Done)
		}
	}
	if at > 0 {
		return v.step(StepLastServed, at, "", "last good edge probe before the first that failed")
	}
	return Step{Name: StepLastServed, Missing: "no edge probe is known to have been answered by " + old}
}

func (v *view) lastAdvert(old, next string) Step {
	limit := v.to
	for _, e := range v.wire { // once the new master speaks, what the old one says belongs to another story
		if e.At >= v.at.at && v.sender(e) == next && e.Priority > 0 {
			limit = e.At
			break
		}
	}
	at, priority := int64(0), 0
	for _, e := range v.wire {
		if v.sender(e) == old && e.At < limit && e.At >= v.from {
			at, priority = e.At, e.Priority
		}
	}
	switch {
	case at == 0 && len(v.wire) == 0:
		return Step{Name: StepLastAdvert, Missing: "the wire was not recorded"}
	case at == 0:
		return Step{Name: StepLastAdvert, Missing: "no advert of " + old + " was seen"}
	case priority == 0:
		return v.step(StepLastAdvert, at, old, "advert on the wire: priority 0, it resigned")
	}
	return v.step(StepLastAdvert, at, old, "advert on the wire")
}

// detected is when somebody other than a client knew of it.
func (v *view) detected(old, next string, elected Step) Step {
	names := []agentapi.EventName{
		agentapi.EventHAProxyGone, agentapi.EventHAProxyHung, agentapi.EventKeepalivedGone,
		agentapi.EventVRRP, agentapi.EventStopping, agentapi.EventLink,
	}
	if v.phase == PhaseFailback {
		names = []agentapi.EventName{agentapi.EventKeepalivedUp, agentapi.EventHAProxyUp, agentapi.EventVRRP}
		old = next
	}
	limit := v.to
	if elected.Seen() {
		limit = v.at.at + int64(elected.AtMs*1e6)
	}
	if m, ok := v.told(v.at.at, limit, names, old, true); ok {
		return v.step(StepDetected, m.at, old, m.source)
	}
	if elected.Seen() {
		return Step{
			Name: StepDetected, AtMs: elected.AtMs, Node: next,
			Source: "nobody told: " + next + " waited for adverts until its timer ran out",
		}
	}
	return Step{Name: StepDetected, Missing: "no node reported it"}
}

func (v *view) electedAt(next string) Step {
	for _, e := range v.elected() {
		if e.Node == next && e.Mono >= v.at.at-slack {
			source := v.by(next, "node event vrrp")
			if e.State.VRRP == "" && e.Time.IsZero() {
				source = "first advert on the wire"
			}
			return v.step(StepElected, e.Mono, next, source)
		}
	}
	for _, e := range v.wire {
		if e.At >= v.at.at && e.At < v.to && e.Priority > 0 && v.sender(e) == next {
			return v.step(StepElected, e.At, next, "first advert on the wire")
		}
	}
	return Step{Name: StepElected, Missing: next + " neither said that it is master nor sent an advert"}
}

func (v *view) vipAt(next string) Step {
	for _, s := range v.holding(next) {
		if s.from >= v.at.at-slack && s.from < v.to {
			return v.step(StepVIP, s.from, next, v.by(next, "node event vip-added (netlink)"))
		}
	}
	return Step{Name: StepVIP, Missing: next + " reported no VIP on its interface"}
}

func (v *view) garpAt(next string) Step {
	for _, e := range v.wire {
		if e.At >= v.at.at-slack && e.At < v.to && v.announcer(e) == next {
			return v.step(StepGARP, e.At, next, "gratuitous ARP on the wire")
		}
	}
	if len(v.wire) == 0 {
		return Step{Name: StepGARP, Missing: "the wire was not recorded"}
	}
	return Step{Name: StepGARP, Missing: next + " announced nothing"}
}

func (v *view) servedAt(old, next string) Step {
	failed, known := false, false
	var fallback int64
	for _, s := range v.direct() {
		known = known || s.Node != ""
		if s.Due < v.at.at-lead {
			continue
		}
		failed = failed || !s.OK() && s.Done >= v.at.at
		if s.OK() && s.Node == next && s.Done >= v.at.at-slack {
			return v.step(StepServed, s.Done, next, "edge probe, by the MAC address that took the connection")
		}
		if s.OK() && failed && fallback == 0 {
			fallback = s.Done
		}
	}
	if fallback > 0 && !known {
		return v.step(StepServed, fallback, "", "first good edge probe after the outage")
	}
	return Step{Name: StepServed, Missing: strings.TrimSpace("no edge probe is known to have been answered by " + next)}
}
