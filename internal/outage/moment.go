package outage

import (
	"slices"
	"time"

	"halab/internal/agentapi"
	"halab/internal/effect"
)

// reaction is how late a node's own report may be: the agent's waking up.
const reaction = int64(time.Millisecond)

// slack is how long after the call returned a fault may still show: some show
// only when a process has been seen to be gone.
const slack = int64(50 * time.Millisecond)

// faultMoment finds when the fault happened. The call that made it can't tell:
// an engine takes hundreds of milliseconds to return, long after the process is
// dead. The best evidence that lies between the two marks is taken.
func (v *view) faultMoment() moment {
	mark, ok := v.moment(MarkFault)
	if !ok {
		return moment{}
	}
	back := v.end()
	if at, ok := v.moment(MarkFaultReturned); ok {
		back = at
	}
	end := v.end()
	if at, ok := v.moment(MarkRestore); ok {
		end = at
	}
	if m, ok := v.told(mark, min(back+slack, end), []agentapi.EventName{agentapi.EventFault}, v.rec.Target, false); ok {
		return m
	}
	switch e := v.rec.Effect; {
	case v.phase == PhaseSoak, v.rec.KnownMs > 0:
		return moment{at: mark, source: "mark of the observer"}
	case e.EndsNode() && !e.Resigns:
		return v.lastSign(mark, end, back, true, true)
	case e.Silent && e.On == effect.Keepalived:
		return v.lastSign(mark, end, back, false, true)
	case e.Silent && (e.On == effect.Node || e.On == effect.HAProxy || e.On == effect.App):
		return v.lastSign(mark, end, back, true, false)
	}
	names, wire := evidence(v.rec.Effect)
	if m, ok := v.told(mark, min(back+slack, end), names, v.rec.Target, wire); ok {
		return m
	}
	return moment{at: mark, source: "mark before the call", uncertain: max(0, back-mark)}
}

// evidence lists the node events by which a fault is known, and whether a
// resignation on the wire is one too.
func evidence(e effect.Effect) (names []agentapi.EventName, wire bool) {
	moved := []agentapi.EventName{agentapi.EventVIPRemoved, agentapi.EventVRRP}
	switch {
	case e.On == effect.HAProxy && e.Ends:
		return append(moved, agentapi.EventHAProxyGone), true
	case e.On == effect.Keepalived && e.Ends:
		return append(moved, agentapi.EventKeepalivedGone), true
	case e.On == effect.App && e.Ends:
		return []agentapi.EventName{agentapi.EventAppGone}, false
	case e == effect.Handover():
		return moved, true
	}
	return append(moved, agentapi.EventHAProxyGone, agentapi.EventKeepalivedGone, agentapi.EventAppGone,
		agentapi.EventHAProxyHung, agentapi.EventLink, agentapi.EventStopping), true
}

// told finds the earliest report of a node between two moments.
func (v *view) told(from, to int64, names []agentapi.EventName, node string, wire bool) (moment, bool) {
	var found moment
	for _, e := range v.events {
		if e.Node == node && e.Mono >= from && e.Mono <= to && slices.Contains(names, e.Name) {
			found = moment{at: e.Mono, source: v.by(node, "node event "+string(e.Name)), uncertain: reaction + v.rec.Clocks[node].WithinNs}
			break
		}
	}
	for _, e := range v.wire {
		if !wire || e.At > to || found.source != "" && e.At >= found.at {
			break
		}
		if e.At >= from && e.Priority == 0 && v.sender(e) == node {
			found = moment{at: e.At, source: "resignation on the wire", uncertain: reaction}
			break
		}
	}
	return found, found.source != ""
}

// lastSign finds the last sign of life of the target: of what dies without a
// word, nothing later can be known. Its answers, its adverts or both are such signs.
func (v *view) lastSign(mark, end, back int64, answers, adverts bool) moment {
	m := moment{at: mark, source: "mark before the call", uncertain: max(0, back-mark)}
	if served := v.servedBy(v.rec.Target, mark, end); answers && served > m.at {
		m = moment{at: served, source: "last probe that " + v.rec.Target + " answered"}
	}
	for _, e := range v.wire {
		if adverts && e.At > m.at && e.At < end && e.Priority > 0 && v.sender(e) == v.rec.Target {
			m = moment{at: e.At, source: "last advert of " + v.rec.Target}
		}
	}
	for _, s := range v.samples {
		if !s.OK() && s.Due > m.at && s.Due < end {
			m.uncertain = s.Sent - m.at
			break
		}
	}
	return m
}

// servedBy is when a node last completed an answer, asked between two moments.
func (v *view) servedBy(node string, from, to int64) int64 {
	var at int64
	for _, s := range v.samples {
		app := s.Stream == agentapi.StreamStack
		fits := !app && s.Node == node
		if v.rec.Effect.On == effect.App {
			fits = app && (s.Node == node || s.Backend == node)
		}
		if fits && s.OK() && s.Done >= from && s.Done < to {
			at = max(at, s.Done)
		}
	}
	return at
}

// mendMoment finds when the mending took effect.
func (v *view) mendMoment() moment {
	names := []agentapi.EventName{
		agentapi.EventFault, agentapi.EventStarted, agentapi.EventHAProxyUp,
		agentapi.EventKeepalivedUp, agentapi.EventAppUp, agentapi.EventVRRP,
	}
	if m, ok := v.told(v.mark, v.to, names, v.rec.Target, false); ok {
		return m
	}
	return moment{at: v.mark, source: "mark before the call", uncertain: max(0, v.back-v.mark)}
}
