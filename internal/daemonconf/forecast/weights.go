package forecast

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"halab/internal/daemonconf/facts"
)

// weighed is a check with a weight and how long it takes to fail.
type weighed struct {
	tracked facts.Tracked
	takes   span
}

// fileFault is the weight with which a file that says 1 takes the instance to FAULT,
// as one of weight 0 does.
const fileFault = -254

// weighs says whether a tracked thing that fails changes the priority only.
func (m Member) weighs(t facts.Tracked) bool {
	w := t.Weight.V
	return w != 0 && !m.Looks[t.Name].Leaves() && (t.Kind != "file" || w != fileFault)
}

// loss is what a failing check takes off the priority: a positive weight is no
// longer added, a negative one is. A file counts its weight times what it says,
// which is 1 then: a positive one favours the node that is worse off.
func loss(t facts.Tracked) int {
	if t.Kind == "file" {
		return -t.Weight.V
	}
	return max(t.Weight.V, -t.Weight.V)
}

// weakened is what checks with a weight do: they take priority off the holder,
// which goes on sending adverts and never goes to FAULT. A backup with more than
// that heeds them no more; one with the same or less, or with nopreempt, never
// moves. Checks fail one after the other, and the first that makes a backup better
// decides.
func (c Cluster) weakened(h Member, list []weighed, through bool, held Fate) outcome {
	slices.SortStableFunc(list, func(a, b weighed) int { return cmp.Compare(a.takes.high, b.takes.high) })
	total := h.total(func(facts.Tracked) bool { return true })
	var reason Row
	for _, w := range list {
		total -= loss(w.tracked)
		now := h.clamp(total)
		b, why := c.stronger(h, now, through)
		if why.Formula != "" {
			reason = why
			reason.Formula = fmt.Sprintf("%s falls from %d to %d, and %s", h.Node.Name, h.Priority(), now, why.Formula)
			continue
		}
		s := w.takes
		if d := b.Is.PreemptDelayMs.V; d > 0 {
			s = s.plus(exactly(d, fmt.Sprintf("preempt_delay %g", d)))
		}
		return outcome{w.takes, b.serves(s.plus(overtaken(h, b, now)).row(held))}
	}
	reason.Outcome = Never
	return outcome{list[len(list)-1].takes, reason.holds(held)}
}

// overtaken is how long a backup needs to take the VIP from a holder whose
// adverts have become weaker than itself: it drops them and lets its timer run
// out. Before keepalived 2.0 it forces an election at the first one; that comes
// an advert after the holder has looked at its priority.
func overtaken(h, b Member, now int) span {
	how := fmt.Sprintf("priority %d → %d, and the backup with %d heeds it no more: ", h.Priority(), now, b.Standby())
	if !b.Old() {
		s := masterDown(h, b)
		s.formula = how + s.formula
		return s
	}
	adv := h.Is.AdvertMs.V
	return between(0, adv, fmt.Sprintf("%sfirst weaker advert 0–%g", how, adv)).plus(forced(b))
}

// stronger finds the node that takes over from a holder with a priority, or says
// why none does.
func (c Cluster) stronger(h Member, now int, through bool) (Member, Row) {
	why := Row{Why: WhyWeight}
	var said []string
	var better []Member
	for _, m := range c.Members {
		if m.Node == h.Node {
			continue
		}
		p := m.Standby()
		if through {
			p = m.Down()
		}
		switch {
		case m.Unable() != "":
			why.Why = WhyFault
			said = append(said, m.Node.Name+" is in FAULT")
		case p < now:
			said = append(said, fmt.Sprintf("%s has %d, which is less", m.Node.Name, p))
		case p == now:
			said = append(said, fmt.Sprintf("%s has %d: equal is not lower", m.Node.Name, p))
		case m.Is.NoPreempt.V:
			why.Why = WhyNoPreempt
			said = append(said, fmt.Sprintf("%s has %d, but nopreempt: it leaves the VIP to whoever sends adverts", m.Node.Name, p))
		default:
			better = append(better, m)
		}
	}
	if len(better) > 0 {
		return slices.MinFunc(better, func(a, b Member) int { return cmp.Compare(masterDown(h, a).high, masterDown(h, b).high) }), Row{}
	}
	if len(said) == 0 {
		said = []string{"no other node has the address"}
	}
	why.Formula = strings.Join(said, ", ")
	return Member{}, why
}
