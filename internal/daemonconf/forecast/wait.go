package forecast

import "fmt"

// advertMs is the time between adverts that a backup reckons with: in version 3
// the master's, which its adverts tell (RFC 5798, section 6.1); in version 2 its
// own.
func advertMs(h, b Member) float64 {
	if b.Is.Version.V == 3 {
		return h.Is.AdvertMs.V
	}
	return b.Is.AdvertMs.V
}

// skewMs is the Skew_Time of a backup: the higher its priority, the shorter it
// waits. In version 2 it is a part of a second, whatever advert_int is; in version 3
// a part of the interval that the master's adverts tell. keepalived before 2.0 takes
// the priority of its file, later ones that with the weights.
func skewMs(h, b Member) (ms float64, how string) {
	priority, unit := b.Standby(), 1000.0
	if b.Old() {
		priority = b.Is.Priority.V
	}
	if b.Is.Version.V == 3 {
		unit = advertMs(h, b)
	}
	return float64(256-priority) / 256 * unit, fmt.Sprintf("(256−%d)/256·%g", priority, unit)
}

// second is the advert that keepalived before 2.0 lets pass between becoming
// master and setting the address.
func (m Member) second() span {
	if !m.Old() {
		return span{}
	}
	return exactly(m.Is.AdvertMs.V, fmt.Sprintf("one advert more before keepalived 2.0: %g", m.Is.AdvertMs.V))
}

// resigned is how long a backup waits that was told by an advert of priority 0
// (RFC 5798, section 6.4.2: Skew_Time).
func resigned(h, b Member) span {
	ms, how := skewMs(h, b)
	return exactly(ms, fmt.Sprintf("skew %s = %.4g", how, ms)).plus(b.second())
}

// masterDown is the Master_Down_Interval of a backup (RFC 5798, section 6.1,
// with keepalived's down_timer_adverts in place of the 3), counted from the last
// advert that it heeded, which was up to one interval before.
func masterDown(h, b Member) span {
	adv := advertMs(h, b)
	skew, how := skewMs(h, b)
	down := float64(b.Is.DownAdverts.V)*adv + skew
	return between(down-adv, down, fmt.Sprintf("Master_Down %d·%g + %s = %.5g, counted from the last advert, which was 0–%g before",
		b.Is.DownAdverts.V, adv, how, down, adv))
}

// silent is how long a backup waits that hears nothing any more.
func silent(h, b Member) span { return masterDown(h, b).plus(b.second()) }

// forced is how a backup before keepalived 2.0 takes the VIP from a master of
// lower priority: it answers the weaker advert with one of its own, for which
// the master gives way at once; an advert later it becomes master, and another
// one later it sets the address.
func forced(b Member) span {
	return exactly(2*b.Is.AdvertMs.V, fmt.Sprintf(
		"a forced election before keepalived 2.0: the old master gives way at once, the new one sets the address two adverts later: 2·%g", b.Is.AdvertMs.V))
}

// first is the node that takes over from h: the one for which the wait is shortest,
// of those that can. asleep says that the backups' checks fail as well.
func (c Cluster) first(h Member, asleep bool, wait func(h, b Member) span) (Member, bool) {
	var best Member
	found := false
	for _, m := range c.Members {
		if m.Node == h.Node || c.unable(m) != "" || asleep && m.faults() {
			continue
		}
		if !found || wait(h, m).high < wait(h, best).high {
			best, found = m, true
		}
	}
	return best, found
}

// unable says why a node can't take the VIP over. Before keepalived 2.0 an advert
// that is refused puts a backup's timer off as well.
func (c Cluster) unable(m Member) string {
	if c.Shared != "" && m.Old() {
		return c.Shared + ", and its adverts keep the timer from running out"
	}
	return m.Unable()
}

// nobody says why nobody takes over from h.
func (c Cluster) nobody(h Member) string {
	for _, m := range c.Members {
		if m.Node != h.Node {
			return m.Node.Name + " can't take it: " + c.unable(m)
		}
	}
	return "no other node has the address"
}
