package forecast

import (
	"fmt"

	"halab/internal/daemonconf/checks"
	"halab/internal/daemonconf/facts"
)

// What becomes of connections that are open when the fault happens. A dead
// process's kernel closes them at once. A silent node leaves them hanging; once
// the VIP has moved, the new holder answers with a reset whatever the client
// sends on them.
const (
	heldReset  = "closed at once"
	heldSilent = "hang, then reset"
	heldMoved  = "reset"
	heldHang   = "hang"
	heldStay   = "stay open"
)

// Fault is what a fault of the holder costs.
func (c Cluster) Fault(kind string, h Member) Row {
	switch kind {
	case "haproxy-kill", "haproxy-stop":
		return c.dies(h)
	case "haproxy-hang":
		return c.hangs(h)
	case "node-crash", "node-freeze", "link-down":
		b, ok := c.best(h, false)
		if !ok {
			return Row{Outcome: Nobody, Formula: c.nobody(h), Held: heldSilent}
		}
		return b.serves(c.silent(b).row(heldSilent))
	case "keepalived-stop":
		b, ok := c.best(h, false)
		if !ok {
			return Row{Outcome: Nobody, Formula: c.nobody(h), Held: heldMoved}
		}
		return b.serves(c.resigned(b).row(heldMoved))
	case "keepalived-kill":
		b, ok := c.best(h, false)
		if !ok {
			return Row{Outcome: Stays, Formula: "the address stays on the interface", Held: heldStay}
		}
		s := c.silent(b)
		return Row{Outcome: Two, MinMs: round(s.low), MaxMs: round(s.high), Held: heldStay,
			Formula: "the address stays on the old node's interface, and the other takes it after " + s.formula}
	}
	return app(kind, h)
}

// serves is a row as it is where the VIP moves to a node on which HAProxy does
// not run.
func (m Member) serves(r Row) Row {
	if why, starts := m.Cold(); why != "" && !starts {
		return Row{Outcome: Never, Held: r.Held, Formula: "the VIP moves to " + m.Node.Name + ", where nothing answers: " + why}
	}
	return r
}

// best is the node that takes over from h: the highest priority of those that
// can. asleep says that the backups' checks fail as well.
func (c Cluster) best(h Member, asleep bool) (Member, bool) {
	var best Member
	found := false
	for _, m := range c.Members {
		if m.Node == h.Node || m.Unable() != "" || asleep && m.faults() {
			continue
		}
		if !found || m.Standby() > best.Standby() {
			best, found = m, true
		}
	}
	return best, found
}

// faults says whether a dead HAProxy takes the node to FAULT.
func (m Member) faults() bool {
	for _, t := range m.Is.Tracked {
		if m.Sees(t) && t.Weight.V == 0 {
			return true
		}
	}
	return false
}

func (c Cluster) nobody(h Member) string {
	for _, m := range c.Members {
		if m.Node != h.Node {
			return m.Node.Name + " can't take it: " + m.Unable()
		}
	}
	return "no other node has the address"
}

// silent is how long a backup waits that hears nothing more: the last advert was
// up to one interval before the end.
func (c Cluster) silent(b Member) span {
	adv, skew, n := b.Is.AdvertMs.V, b.SkewMs(b.Standby()), float64(b.Is.DownAdverts.V)
	return span{n*adv + skew - adv, n*adv + skew, fmt.Sprintf("%g·%s + skew %s − (0…%s) since the last advert",
		n, seconds(adv), seconds(skew), seconds(adv))}.plus(b.second())
}

// resigned is how long a backup waits that was told by an advert of priority 0.
func (c Cluster) resigned(b Member) span {
	skew := b.SkewMs(b.Standby())
	return span{skew, skew, fmt.Sprintf("skew %s", seconds(skew))}.plus(b.second())
}

// second is the advert that keepalived before 2.0 lets pass between becoming
// master and setting the address.
func (m Member) second() span {
	if !m.Old() {
		return span{}
	}
	adv := m.Is.AdvertMs.V
	return span{adv, adv, "one advert more before keepalived 2.0, " + seconds(adv)}
}

// notice is how long a tracked thing takes to call HAProxy dead; run is how long
// a failing check takes.
func notice(t facts.Tracked, run float64) span {
	if t.Script == nil {
		return span{0, 2, t.Kind + " " + t.Name + " at once"}
	}
	i, rest := t.Script.IntervalMs.V, float64(t.Script.Fall.V-1)*t.Script.IntervalMs.V
	s := span{rest + run, rest + i + run, fmt.Sprintf("check %s (%d−1)·%s…%d·%s", t.Name, t.Script.Fall.V, seconds(i), t.Script.Fall.V, seconds(i))}
	if run > 0 {
		s.formula += " + " + seconds(run) + " for the last to fail"
	}
	return s
}

// dies is what HAProxy's death costs.
func (c Cluster) dies(h Member) Row {
	if b, ok := c.best(h, false); ok && h.Followed() {
		return span{0, 2, "halab's process 1 at once"}.plus(c.resigned(b)).row(heldReset)
	}
	return c.noticed(h, func(t facts.Tracked) (span, bool) { return notice(t, 0), h.Sees(t) }, heldReset)
}

// hangs is what a HAProxy costs that is there and does not answer.
func (c Cluster) hangs(h Member) Row {
	unknown := false
	row := c.noticed(h, func(t facts.Tracked) (span, bool) {
		if !h.Sees(t) || t.Script == nil {
			return span{}, false
		}
		look := h.Looks[t.Name]
		unknown = unknown || look.Asks == checks.Unknown
		run := t.Script.TimeoutMs.V
		if look.LimitMs > 0 {
			run = min(run, look.LimitMs)
		}
		return notice(t, run), look.Asks == checks.Answer
	}, heldHang)
	if row.Outcome == Never {
		switch {
		case unknown:
			row.Outcome, row.Formula = Unknown, "it depends on a script that is not in these files"
		case row.Formula == nothingChecks:
			row.Formula = "no check waits for an answer; a hanging HAProxy has its process and its open port"
		}
	}
	return row
}

const nothingChecks = "nothing that keepalived tracks notices HAProxy"

// noticed is what follows from the checks that see a fault of HAProxy.
func (c Cluster) noticed(h Member, sees func(facts.Tracked) (span, bool), held string) Row {
	var first *span
	var list []weighed
	through := false
	for _, t := range h.Is.Tracked {
		s, ok := sees(t)
		if !ok {
			continue
		}
		through = through || c.Through(h.Looks[t.Name])
		switch {
		case t.Weight.V != 0 && !h.Looks[t.Name].Stops:
			list = append(list, weighed{t, s})
		case first == nil || s.high < first.high:
			first = &s
		}
	}
	if first == nil && len(list) == 0 {
		return Row{Outcome: Never, Formula: nothingChecks, Held: held}
	}
	var row Row
	if first != nil {
		b, ok := c.best(h, through)
		if !ok {
			why := c.nobody(h)
			if through {
				why = "the check asks the VIP itself, so every node's check fails at once and all go to FAULT"
			}
			return Row{Outcome: Nobody, Formula: first.formula + ", then " + why, Held: held}
		}
		row = b.serves(first.plus(c.resigned(b)).row(held))
	}
	if len(list) > 0 {
		if weak := c.weakened(h, list, through, held); first == nil || weak.Outcome == Moves && weak.MaxMs < row.MaxMs {
			return weak
		}
	}
	return row
}

// Through says whether a check asks the VIP, so that it fails on every node when
// the holder's HAProxy is dead.
func (c Cluster) Through(look checks.Check) bool {
	for _, host := range look.Hosts {
		for _, v := range c.VIPs {
			if v == host && !look.Guarded {
				return true
			}
		}
	}
	return false
}
