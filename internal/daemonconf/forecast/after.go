package forecast

import (
	"fmt"
	"slices"

	"halab/internal/daemonconf/facts"
	"halab/internal/effect"
)

// Back is what it costs that a fault of the holder is mended; ok is false where the
// files don't decide it.
func (c Cluster) Back(e effect.Effect, h Member, fault Row) (r Row, ok bool) {
	switch {
	case e.Passes(), e.On == effect.VIP && fault.Outcome == Moves:
		return stays("nothing was left broken"), true
	case e == effect.Handover(), e.Splits, e.Disturbs, e.Anything:
		return Row{}, false
	case e.On == effect.App, fault.Outcome == Stays:
		return stays("the VIP does not move"), true
	case fault.Outcome == Never || fault.Outcome == Nobody || fault.Outcome == Unknown:
		// What ends the outage then is the mending: how soon a HAProxy runs
		// again is in no file. One that only hung answers at once.
		return stays("the VIP had not moved"), e.On == effect.HAProxy && e.Silent || e.On == effect.Client
	case fault.Why == WhyRevived:
		return stays("HAProxy runs again already, and the VIP had not moved"), true
	case e.On == effect.HAProxy && slices.ContainsFunc(h.Is.Tracked, func(t facts.Tracked) bool { return h.Sees(t) && h.Looks[t.Name].Leaves() }):
		return stays("the check took the node out, and nothing brings it back by itself"), true
	case e.StopsVRRP():
		r := stays("the thawed node still has the address")
		if c.outranks(h) { // the other gives way to its adverts, whatever nopreempt says: both are masters
			r.Formula += ", and its priority is higher: clients go back to it"
			r = r.holds(HeldMoved)
			if e.On == effect.Node && h.Agent.Acts { // a lab's node keeps it from the wire until HAProxy has given a sign of life
				r.HeldMaxMs = 2 * overdueMs
			}
		}
		return r, true
	}
	return c.returns(h, e.Ends && (e.On == effect.Keepalived || e.On == effect.Node)), true
}

func stays(why string) Row { return Row{Outcome: Stays, Formula: why}.holds(HeldStay) }

// returns is what it costs that a node which gave the VIP away is well again. begins
// says that its keepalived starts anew, in the state that its file names.
func (c Cluster) returns(h Member, begins bool) Row {
	back := func(ms float64, formula string) Row {
		r := exactly(ms, formula).row(HeldMoved)
		if ms == 0 {
			r.Outcome = Stays
		}
		return r
	}
	switch {
	case h.Is.NoPreempt.V:
		return stays("nopreempt: the VIP stays where it is")
	case !c.outranks(h):
		return stays("the node that comes back has no higher priority")
	case !h.Old():
		return back(0, "preemption: at the first advert of the new master the old one gives way, and the new one sets the address")
	case h.Is.State.V == "MASTER" && begins:
		return back(h.Is.AdvertMs.V, fmt.Sprintf(
			"preemption: the old master gives way at once, the new one sets the address one advert later before keepalived 2.0: %g", h.Is.AdvertMs.V))
	}
	s := forced(h)
	return back(s.low, s.formula)
}

// outranks says whether a node's priority is above that of every other.
func (c Cluster) outranks(h Member) bool {
	for _, m := range c.Members {
		if m.Node != h.Node && m.Standby() >= h.Priority() {
			return false
		}
	}
	return true
}

// Start is what it costs that all nodes start at once: until the first of them is
// master, nobody has the VIP. keepalived 2.x begins as backup whatever state says,
// and waits for adverts; before 2.0 a node with state MASTER begins as master.
func (c Cluster) Start() Row {
	var first span
	var who Member
	ties, found := 0, false
	for _, m := range c.Members {
		if m.Unable() != "" {
			continue
		}
		s := begin(m)
		switch {
		case !found || s.high < first.high:
			first, who, ties, found = s, m, 1, true
		case s.high == first.high:
			ties++
		}
	}
	switch {
	case !found:
		return Row{Outcome: Nobody, Why: WhyFault, Formula: c.Members[0].Unable()}
	case ties > 1:
		r := first.row(HeldNone)
		r.Outcome = Two
		r.Formula += "; the others wait as long, so for up to an advert there are two"
		return r
	}
	return who.serves(first.row(HeldNone))
}

// begin is how long a keepalived that starts needs to have the VIP where it hears
// nobody.
func begin(m Member) span {
	if m.Old() && m.Is.State.V == "MASTER" {
		s := m.second()
		s.formula = "it begins as master; " + s.formula
		return s
	}
	adv := m.Is.AdvertMs.V
	skew, how := skewMs(m, m)
	down := float64(m.Is.DownAdverts.V)*adv + skew
	s := exactly(down, fmt.Sprintf("%s begins as backup: Master_Down %d·%g + %s = %.5g", m.Node.Name, m.Is.DownAdverts.V, adv, how, down)).plus(m.second())
	if d := m.Node.Keepalived.Global.StartupDelay.V; d > 0 {
		s = s.plus(exactly(d, fmt.Sprintf("vrrp_startup_delay %g", d)))
	}
	return s
}

// reload is what it costs that a daemon of the holder reads the same file again.
func (c Cluster) reload(e effect.Effect, h Member) Row {
	switch v := h.Node.HAProxy.Version; {
	case e.On == effect.Keepalived && !h.Node.Keepalived.Version.AtLeast("2.1"):
		return unknown("before keepalived 2.1 a reload may take the VIP off the interface for a moment (keepalived issues 349 and 1425)")
	case e.On == effect.Keepalived:
		return stays("a master stays master while it reads the same file; one that takes longer over it than its adverts are waited for loses the VIP (keepalived issue 2159)")
	case !h.Node.HAProxy.Present:
		return unknown("HAProxy's file is not here")
	case !v.AtLeast("1.8"):
		return unknown("before HAProxy 1.8 the old process closes its listeners, and a connection that it has not yet taken is reset")
	}
	return stays("the new process takes the listeners over in master-worker mode, as the packages start it, and the old one ends what it has").holds(HeldEnded)
}

// restarted is what it costs that a part of the holder ends in order and starts
// again: that the VIP goes, or that it comes back, whichever takes longer.
func (c Cluster) restarted(e effect.Effect, h Member) Row {
	if e.On == effect.HAProxy && !h.Gives() {
		return unknown("how soon HAProxy runs again is in no file, and whether a check sees it gone depends on that")
	}
	e.Returns = false
	gone := c.Fault(e, h)
	back, known := c.Back(e, h, gone)
	if !known || gone.Outcome == back.Outcome && gone.MaxMs >= back.MaxMs {
		return gone
	}
	if gone.Outcome == back.Outcome {
		return back
	}
	return merge(gone, back)
}
