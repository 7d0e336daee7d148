package outage

import (
	"slices"
	"time"

	"halab/internal/agentapi"
	"halab/internal/effect"
)

// Stretches shorter than these are within the error of the clockwork: two nodes
// tell of the VIP's move each when its agent wakes up, while the wire has the
// kernel's own stamps.
const (
	nodeError = int64(2 * time.Millisecond)
	wireError = int64(time.Millisecond)
)

// invariants looks at every rule.
func (v *view) invariants() []Invariant {
	phase := stretches{{v.from, v.to}}
	var holders, claims []stretches
	var any, unserved, stale stretches
	for _, n := range v.members {
		held := v.holding(n.Name).and(phase)
		holders, claims = append(holders, held), append(claims, v.claiming(n.Name).and(phase))
		any = any.or(held)
		unserved = unserved.or(held.and(v.withoutHAProxy(n.Name)))
		stale = stale.or(held.and(v.withoutKeepalived(n.Name)))
	}
	return []Invariant{
		v.invariant(InvTwoHolders, twice(holders), nodeError),
		v.invariant(InvTwoMasters, twice(claims), wireError),
		v.invariant(InvNoHolder, phase.without(any), nodeError),
		v.invariant(InvHolderWithoutHAProxy, unserved, nodeError),
		v.invariant(InvStaleVIP, stale, nodeError),
		{Name: InvFlapping, Count: v.flaps(), Expect: v.expect(InvFlapping)},
	}
}

func (v *view) invariant(name string, broken stretches, tolerance int64) Invariant {
	i := Invariant{Name: name, Expect: v.expect(name)}
	var counted, below stretches
	for _, s := range broken {
		if s.to-s.from < tolerance {
			below = append(below, s)
			continue
		}
		counted = append(counted, s)
		i.Spans = append(i.Spans, v.span(s))
	}
	i.Ms, i.BelowMs = Ms(counted.sum()), Ms(below.sum())
	return i
}

// expect says what the scenario holds of an invariant.
func (v *view) expect(name string) Expectation {
	fault := v.phase == PhaseFault
	if slices.Contains(v.rec.Shows, name) {
		if fault {
			return Must
		}
		return May
	}
	e := v.rec.Effect
	if e.Disturbs || e.On == effect.VIP && (name == InvTwoHolders || name == InvTwoMasters) {
		return May // who lost its VIP and who takes it wait alike
	}
	switch name {
	case InvNoHolder:
		if v.moves() || e.Splits && !fault {
			return May
		}
	case InvHolderWithoutHAProxy:
		if e.Unserves() {
			return May
		}
	case InvTwoHolders, InvStaleVIP:
		switch {
		case e.Keeps && fault && v.held():
			return Must
		case e.Keeps && !fault, e.Splits && name == InvTwoHolders:
			return May
		}
	case InvTwoMasters:
		if e.Splits || e.StopsVRRP() && !fault {
			return May // thawed, it believes for a moment that it still is the master
		}
	}
	return Never
}

// held says whether the node that was hit held the VIP.
func (v *view) held() bool { return v.rec.Target == v.rec.Holder }

// moves says whether the fault is one that moves the VIP.
// Who loses its address may have it again, after an election as well.
func (v *view) moves() bool {
	e := v.rec.Effect
	return (e.Moves || e.On == effect.VIP) && v.held() || e.Anything
}

// elected lists when nodes became master in the phase: by their own word, or by
// their first advert where their cluster's nodes said nothing at all.
func (v *view) elected() []agentapi.Event {
	var out []agentapi.Event
	for _, e := range v.events {
		if e.Name == agentapi.EventVRRP && e.To == "MASTER" && e.From != "MASTER" && e.Mono >= v.from && e.Mono < v.to {
			out = append(out, e)
		}
	}
	if slices.ContainsFunc(v.events, func(e agentapi.Event) bool { return e.Name == agentapi.EventVRRP }) {
		return out
	}
	for _, n := range v.members {
		for i, s := range v.claiming(n.Name) {
			if s.from >= v.from && s.from < v.to && (i > 0 || n.Name != v.rec.Holder) {
				out = append(out, agentapi.Event{Node: n.Name, Mono: s.from, Name: agentapi.EventVRRP, To: "MASTER"})
			}
		}
	}
	return out
}

// elections counts those of the cluster that was hit, and of the others.
func (v *view) elections() (own, others int) {
	for _, e := range v.elected() {
		if slices.ContainsFunc(v.members, func(n NodeInfo) bool { return n.Name == e.Node }) {
			own++
		} else {
			others++
		}
	}
	return own, others
}

// flaps counts the elections that the fault does not explain: one is explained
// where it moves the VIP or splits the cluster, and one by the failback of it. Where
// adverts are lost by chance, so are elections.
func (v *view) flaps() int {
	own, others := v.elections()
	allowed := 0
	switch {
	case v.rec.Effect.Disturbs:
		allowed = own
	case v.moves() && v.rec.Effect.Returns:
		allowed = 2 // there, and where the node that returns ranks higher, back
	case v.moves() && v.rec.Effect.On == effect.VIP:
		allowed = 2 // one that both win
	case v.moves(), v.rec.Effect.Splits:
		allowed = 1
	}
	return max(0, own-allowed) + others
}
