package forecast

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"halab/internal/agentapi"
	"halab/internal/daemonconf/checks"
	"halab/internal/daemonconf/facts"
)

// Times of a lab's nodes, in milliseconds.
const (
	// noticeMs: until process 1 of the node has seen that a connection closed
	// and keepalived has been told.
	noticeMs = 2

	ms         = float64(time.Millisecond)
	overdueMs  = float64(agentapi.SignDeadline) / ms
	latestMs   = float64(agentapi.SignDeadline+agentapi.SignInterval+agentapi.SignGrace) / ms
	lingerMs   = float64(agentapi.LingerTime) / ms
	handoverMs = float64(agentapi.SettleTime) / ms
)

// told is how long process 1 of a lab's node takes to tell keepalived of a dead
// HAProxy, overdue of one that hangs.
func told() span { return between(0, noticeMs, fmt.Sprintf("notice 0–%d", noticeMs)) }

func overdue() span {
	return between(overdueMs, latestMs, fmt.Sprintf("sign of life overdue %g–%g", overdueMs, latestMs))
}

// checked is how long a script takes to be called failed: its first failing run
// begins up to an interval after the death, and fall of them are needed. run is how
// long a failing one takes.
func (m Member) checked(s *facts.Script, run float64) span {
	rest := float64(s.Fall.V-1) * s.IntervalMs.V
	if m.Looks[s.Name].Leaves() {
		rest = 0 // what it does, it does at its first failing run
	}
	a := between(rest, rest+s.IntervalMs.V, fmt.Sprintf("check every %g, %d failures: %g–%g", s.IntervalMs.V, s.Fall.V, rest, rest+s.IntervalMs.V))
	if rest == 0 {
		a.formula = fmt.Sprintf("check every %g: 0–%g", s.IntervalMs.V, s.IntervalMs.V)
	}
	if run > 0 {
		a = a.plus(exactly(run, fmt.Sprintf("%g for the last to fail", run)))
	}
	if m.Old() {
		a = a.plus(between(0, m.Is.AdvertMs.V, fmt.Sprintf("looked at with the next advert before keepalived 2.0: 0–%g", m.Is.AdvertMs.V)))
	}
	return a
}

// dies is what a HAProxy costs that nobody answers for: its port is closed.
func (c Cluster) dies(h Member) Row {
	row := c.noticed(h, told(), func(t facts.Tracked) (span, bool) {
		switch {
		case !h.Sees(t):
			return span{}, false
		case t.Script != nil:
			return h.checked(t.Script, 0), true
		case h.Agent.Known:
			return told(), true
		}
		return between(0, noticeMs, fmt.Sprintf("%s %s at once: 0–%d", t.Kind, t.Name, noticeMs)), true
	}, HeldReset)
	return h.revived(row, HeldReset, func(look checks.Check) bool { return look.Revives() })
}

// hangs is what a HAProxy costs that is there and does not answer.
func (c Cluster) hangs(h Member) Row {
	unknown := false
	row := c.noticed(h, overdue(), func(t facts.Tracked) (span, bool) {
		switch {
		case !h.Sees(t):
			return span{}, false
		case t.Script == nil:
			return overdue(), h.Agent.Acts && t.Tracker != nil && t.Tracker.Path == agentapi.FaultFile
		}
		look := h.Looks[t.Name]
		unknown = unknown || look.Asks == checks.Unknown
		return h.checked(t.Script, failing(t.Script, look)), look.Asks == checks.Answer
	}, HeldHang)
	switch {
	case row.Outcome != Never:
	case unknown:
		row.Outcome, row.Formula = Unknown, "it depends on a script that is not in these files"
	case row.Why == WhyNothing:
		row.Formula = "no check waits for an answer; a hanging HAProxy has its process and its open port"
	}
	return h.revived(row, HeldHang, func(look checks.Check) bool { return look.Revives() && look.Anew && look.Asks == checks.Answer })
}

// failing is how long a check takes that waits for an answer in vain.
func failing(s *facts.Script, look checks.Check) float64 {
	if look.LimitMs > 0 {
		return min(s.TimeoutMs.V, look.LimitMs)
	}
	return s.TimeoutMs.V
}

// revived is a row as it is where a check starts HAProxy again by itself: at its
// first failing run, and the VIP has no reason to move unless it had moved before.
func (m Member) revived(row Row, held Fate, does func(checks.Check) bool) Row {
	for _, t := range m.Is.Tracked {
		look := m.Looks[t.Name]
		if t.Script == nil || !m.Counts(t) || !does(look) {
			continue
		}
		every := t.Script.IntervalMs.V
		s := between(0, every, fmt.Sprintf("check %s, run every %g, starts HAProxy again: 0–%g and what the start takes", t.Name, every, every))
		if held == HeldHang {
			s = s.plus(exactly(failing(t.Script, look), fmt.Sprintf("%g for it to fail", failing(t.Script, look))))
		}
		if again := s.row(HeldReset); row.Outcome != Moves || again.MeanMs < row.MeanMs {
			again.Why = WhyRevived
			row = again
		}
	}
	return row
}

// outcome is one way in which the VIP leaves: when, and to whom.
type outcome struct {
	after span
	row   Row
}

// noticed is what follows from what sees a fault of HAProxy; in a lab whose process 1
// acts by itself, that tells after some time.
func (c Cluster) noticed(h Member, own span, sees func(facts.Tracked) (span, bool), held Fate) Row {
	var ways []outcome
	var weighty []weighed
	through := slices.ContainsFunc(h.Is.Tracked, func(t facts.Tracked) bool {
		_, ok := sees(t)
		return ok && c.Through(h.Looks[t.Name])
	})
	for _, t := range h.Is.Tracked {
		after, ok := sees(t)
		if !ok {
			continue
		}
		switch {
		case h.weighs(t):
			weighty = append(weighty, weighed{t, after})
		case h.Looks[t.Name].Cuts:
			ways = append(ways, c.cut(h, after, held))
		default:
			ways = append(ways, c.faulted(h, after, through, held))
		}
	}
	if h.Followed() {
		ways = append(ways, c.faulted(h, own, false, held))
	}
	if len(weighty) > 0 {
		ways = append(ways, c.weakened(h, weighty, through, held))
	}
	if t, ok := h.Follows(); ok && len(ways) == 0 {
		return unknown(fmt.Sprintf("it depends on who writes %s, which %s follows", t.Tracker.Path, t.Name)).holds(held)
	}
	if len(ways) == 0 {
		return Row{Outcome: Never, Why: WhyNothing, Formula: "nothing that keepalived tracks notices HAProxy"}.holds(held)
	}
	return slices.MinFunc(ways, func(a, b outcome) int {
		return cmp.Or(cmp.Compare(a.row.rank(), b.row.rank()), cmp.Compare(a.row.MeanMs, b.row.MeanMs), cmp.Compare(a.after.high, b.after.high))
	}).row
}

// rank puts what ends before what never does.
func (r Row) rank() int {
	if r.Outcome == Moves {
		return 0
	}
	return 1
}

// cut is a holder whose check takes it off the network after some time: it can't
// tell the others any more.
func (c Cluster) cut(h Member, after span, held Fate) outcome {
	if b, ok := c.first(h, false, silent); ok {
		after.formula += ", the check takes the node off the network"
		return outcome{after, b.serves(after.plus(silent(h, b)).row(held))}
	}
	return outcome{after, Row{Outcome: Nobody, Why: WhyFault, Formula: after.formula + ", then " + c.nobody(h)}.holds(held)}
}

// faulted is a holder that goes to FAULT after some time, and resigns.
func (c Cluster) faulted(h Member, after span, through bool, held Fate) outcome {
	b, ok := c.first(h, through, resigned)
	if ok {
		return outcome{after, b.serves(after.plus(resigned(h, b)).row(held))}
	}
	why := c.nobody(h)
	if through {
		why = "the check asks the VIP itself, so every node's check fails at once and all go to FAULT"
	}
	return outcome{after, Row{Outcome: Nobody, Why: WhyFault, Formula: after.formula + ", then " + why}.holds(held)}
}

// Through says whether a check asks the VIP, so that it fails on every node when
// the holder's HAProxy is dead.
func (c Cluster) Through(look checks.Check) bool {
	return !look.Guarded && slices.ContainsFunc(c.VIPs, func(v netip.Addr) bool { return slices.Contains(look.Hosts, v) })
}

// serves is a row as it is where the VIP moves to a node on which HAProxy does
// not run.
func (m Member) serves(r Row) Row {
	if why, starts := m.Cold(); why != "" && !starts {
		return Row{Outcome: Never, Why: WhyCold, Held: r.Held, Formula: "the VIP moves to " + m.Node.Name + ", where nothing answers: " + why}
	}
	return r
}
