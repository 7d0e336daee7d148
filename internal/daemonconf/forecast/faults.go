package forecast

import (
	"fmt"
	"slices"

	"halab/internal/agentapi"
	"halab/internal/daemonconf/facts"
	"halab/internal/effect"
)

// Fault is what an effect on the holder costs.
func (c Cluster) Fault(e effect.Effect, h Member) Row {
	switch {
	case e.On == effect.App:
		return app(e, h)
	case e == effect.Handover():
		return c.handed(h)
	case e.Disturbs:
		return unknown("which frames are lost or late is chance, and the VIP may move and come back")
	case e.Anything:
		return unknown("several steps, one after the other; what comes of them is their author's to say")
	case e.All:
		return c.Start()
	case e.Reloads && e.On == "":
		return merge(c.reload(effect.Reload(effect.HAProxy), h), c.reload(effect.Reload(effect.Keepalived), h))
	case e.Reloads:
		return c.reload(e, h)
	case e.Returns:
		return c.restarted(e, h)
	case e.On == effect.VIP:
		return c.stolen(h)
	case e.On == effect.Client:
		return Row{Outcome: Never, Formula: "the holder is well, and only the client does not reach it"}.holds(HeldHang)
	case e.Splits:
		return c.both(h, "each takes itself for master, and HAProxy answers on both")
	case e.On == effect.HAProxy && e.Silent:
		return c.hangs(h)
	case e.On == effect.HAProxy && e.Resigns && h.Gives():
		return c.leaves(h, handoverMs)
	case e.On == effect.HAProxy:
		return c.dies(h)
	case e.On == effect.Keepalived && e.Keeps:
		return c.both(h, "the VIP stays on the old node's interface, whose HAProxy goes on answering")
	case e.Resigns:
		return c.leaves(h, lingerMs)
	case e.Ends, e.Silent:
		return c.falls(h)
	}
	return Row{Outcome: Stays, Formula: "it takes nothing from HAProxy, from keepalived or from its adverts"}.holds(HeldStay)
}

func unknown(why string) Row { return Row{Outcome: Unknown, Formula: why} }

// falls is a node of which nobody hears any more.
func (c Cluster) falls(h Member) Row {
	b, ok := c.first(h, false, silent)
	if !ok {
		return Row{Outcome: Nobody, Why: WhyFault, Formula: c.nobody(h)}.holds(HeldSilent)
	}
	return b.serves(silent(h, b).row(HeldSilent))
}

// leaves is a keepalived that resigns, and a node that goes on answering for a
// while where it is one of a lab.
func (c Cluster) leaves(h Member, ms float64) Row {
	b, ok := c.first(h, false, resigned)
	if !ok {
		return Row{Outcome: Nobody, Why: WhyFault, Formula: c.nobody(h)}.holds(HeldMoved)
	}
	return b.serves(resigned(h, b).lingered(h, ms).row(HeldMoved))
}

// handed is a VIP that is moved on purpose: a node of a lab asks for it by a file. A
// keepalived that follows no such file has no switch.
func (c Cluster) handed(h Member) Row {
	if !h.Gives() {
		return unknown("nothing in keepalived.conf follows a file that asks for the VIP")
	}
	return c.leaves(h, lingerMs)
}

// both is a VIP that stays where it is, as keepalived that runs no more removes nothing,
// and is taken by another node as well. That announces itself, so that clients go to it,
// where nobody knows of the connections that they have.
func (c Cluster) both(h Member, why string) Row {
	b, ok := c.first(h, false, silent)
	if !ok {
		return Row{Outcome: Stays, Formula: why}.holds(HeldStay)
	}
	r := silent(h, b).row(HeldMoved)
	r.Outcome, r.Formula = Two, why+"; the other takes it as well after "+r.Formula
	return r
}

// stolen is a holder whose address somebody else took off its interface. keepalived
// 2.2.7 resigns then, and the holder itself waits its skew like everybody else: in
// profile classic it had the VIP again after 611 ms, and (256-100)/256 of a second is
// 609; in profile fast the other node was first. Before 2.0 nobody looks.
func (c Cluster) stolen(h Member) Row {
	if h.Old() {
		return Row{Outcome: Nobody, Why: WhyNothing, Formula: "keepalived before 2.0 does not see that its address is gone, and goes on as master without it"}.holds(HeldHang)
	}
	soonest, to := resigned(h, h), h
	if b, ok := c.first(h, false, resigned); ok && resigned(h, b).high < soonest.high {
		soonest, to = resigned(h, b), b
	}
	soonest.formula = "the holder resigns, and waits as all others do: " + soonest.formula
	return to.serves(soonest.lingered(h, lingerMs).row(HeldMoved))
}

// Gives says whether keepalived of a lab's node gives the VIP away when process 1
// asks for it by a file. Before 2.0 its supervisor does, whatever the file says.
func (m Member) Gives() bool {
	if !m.Agent.Acts {
		return false
	}
	return m.Old() || slices.ContainsFunc(m.Is.Tracked, func(t facts.Tracked) bool {
		return t.Kind == "file" && t.Tracker != nil && t.Tracker.Path == agentapi.HandoverFile && !m.weighs(t)
	})
}

// Followed says whether process 1 of a lab's node ends keepalived when HAProxy is
// gone: the lab's own way before keepalived 2.0, which follows no files.
func (m Member) Followed() bool { return m.Agent.Acts && m.Old() }

// Elsewhere is what an effect costs on a node that does not hold the VIP.
func (c Cluster) Elsewhere(e effect.Effect, at Member) Row {
	switch {
	case e.On == effect.App:
		return app(e, at)
	case e.Disturbs, e.Anything, e.Splits:
		return c.Fault(e, at)
	}
	return Row{Outcome: Stays, Formula: fmt.Sprintf("%s does not hold the VIP", at.Node.Name)}.holds(HeldStay)
}
