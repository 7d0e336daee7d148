package forecast

import (
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

// weakened is what a check with a weight does: it takes priority off the holder,
// which goes on sending adverts. A backup with more than that drops them and
// lets its timer run out; one with the same or less, or with nopreempt, never
// moves.
func (c Cluster) weakened(h Member, list []weighed, through bool, held string) Row {
	slices.SortStableFunc(list, func(a, b weighed) int { return int(a.takes.high - b.takes.high) })
	total := h.total(func(facts.Tracked) bool { return true })
	now := h.clamp(total)
	var why string
	for _, w := range list {
		// A positive weight is taken away, a negative one is added; both lower it.
		total -= abs(w.tracked.Weight.V)
		now = h.clamp(total)
		b, reason := c.stronger(h, now, through)
		if why = reason; reason != "" {
			continue
		}
		s := w.takes
		if d := b.Is.PreemptDelayMs.V; d > 0 {
			s = s.plus(span{d, d, "preempt_delay " + seconds(d)})
		}
		return b.serves(s.plus(c.silent(b)).row(held))
	}
	return Row{Outcome: Never, Formula: fmt.Sprintf("%s falls from %d to %d, and %s", h.Node.Name, h.Priority(), now, why), Held: held}
}

func abs(n int) int { return max(n, -n) }

// stronger finds the node that takes over from a holder with a priority, or says
// why none does.
func (c Cluster) stronger(h Member, now int, through bool) (Member, string) {
	var best Member
	var why []string
	top := 0
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
			why = append(why, m.Node.Name+" is in FAULT")
		case p < now:
			why = append(why, fmt.Sprintf("%s has %d, which is less", m.Node.Name, p))
		case p == now:
			why = append(why, fmt.Sprintf("%s has %d: equal is not lower", m.Node.Name, p))
		case m.Is.NoPreempt.V:
			why = append(why, fmt.Sprintf("%s has %d, but nopreempt: it leaves the VIP to whoever sends adverts", m.Node.Name, p))
		case p > top:
			best, top = m, p
		}
	}
	if top > 0 {
		return best, ""
	}
	if len(why) == 0 {
		return best, "no other node has the address"
	}
	return best, strings.Join(why, ", ")
}
