package predict

import (
	"fmt"

	"halab/internal/agentapi"
	"halab/internal/effect"
)

// fault is the outage that the fault makes at the edge; ok is false where
// the files don't decide it.
func (m model) fault() (s span, ok bool) {
	switch e := m.effect; {
	case e == effect.Handover():
		// A keepalived that follows no such file has no switch.
		return m.lingered(m.resigned(), lingerMs), m.follows(agentapi.HandoverFile)
	case e.On == effect.Keepalived && e.Resigns:
		return m.lingered(m.resigned(), lingerMs), true
	case e.On == effect.Keepalived && e.Keeps:
		return exactly(0, "the VIP stays on the old node's interface, whose HAProxy goes on answering"), true
	case e.On == effect.Node && (e.Ends || e.Silent) && !e.Resigns:
		return m.silent(), true
	case e.On == effect.HAProxy && e.Silent:
		return m.hung()
	case e.On == effect.HAProxy && e.Resigns && m.follows(agentapi.HandoverFile):
		return m.handedOver(), true
	case e.On == effect.HAProxy:
		return m.gone(), true
	}
	return span{}, false
}

// handedOver is a HAProxy that is stopped by a supervisor which first has the
// VIP leave the interface. HAProxy listens for a while longer, and what comes to
// it then is answered where process 1 keeps the VIP.
func (m model) handedOver() span { return m.lingered(m.resigned(), handoverMs) }

// gone is a HAProxy that nobody answers for: its port is closed.
func (m model) gone() span {
	return m.noticed(m.scripts(), between(0, noticeMs, "notice 0–2"))
}

// hung is a HAProxy that is there and does not answer. A check that looks for
// the process finds it; whether another one would fail is not in the file.
func (m model) hung() (s span, ok bool) {
	late := between(signWithinMs, signWithinMs+signEveryMs+signGraceMs, "sign of life overdue 75–98")
	if s = m.noticed(nil, late); !s.never {
		return s, true
	}
	for _, c := range m.scripts() {
		if !c.looksForProcess() {
			return span{}, false
		}
		s = never("the check looks for the process, and a hanging process is there")
	}
	return s, true
}

// resigned is how long the first backup waits that was told with priority 0
// (RFC 5798, section 6.4.2: Skew_Time).
func (m model) resigned() span {
	b, found := m.first(m.backups, m.skew)
	if !found {
		return never(alone)
	}
	return m.skew(b).plus(b.second())
}

const alone = "no other node of the cluster could take the VIP"

// skew is the Skew_Time of a backup: the higher its priority, the shorter it
// waits. In version 2 it is a part of a second, whatever advert_int is; in
// version 3 a part of the interval that the master's adverts tell. keepalived
// before 2.0 takes the priority of its file, later ones that with the weights.
func (m model) skew(b VRRP) span {
	ms, how := m.skewMs(b)
	return exactly(ms, fmt.Sprintf("skew %s = %.4g", how, ms))
}

func (m model) skewMs(b VRRP) (ms float64, how string) {
	priority, unit := b.standing(nil), secondMs
	if b.Old {
		priority = b.Priority
	}
	if b.Version == 3 {
		unit = m.advertMs(b)
	}
	return float64(256-priority) / 256 * unit, fmt.Sprintf("(256−%d)/256·%g", priority, unit)
}

// advertMs is the time between adverts that a backup reckons with: in version 3
// the master's, which its adverts tell; in version 2 its own.
func (m model) advertMs(b VRRP) float64 {
	if b.Version == 3 {
		return m.holder.AdvertMs
	}
	return b.AdvertMs
}

// second is the advert that keepalived before 2.0 lets pass between becoming
// master and setting the address.
func (b VRRP) second() span {
	if !b.Old {
		return span{}
	}
	return exactly(b.AdvertMs, fmt.Sprintf("one advert more before keepalived 2.0: %g", b.AdvertMs))
}

// first is the backup for which a wait is shortest.
func (m model) first(backups []VRRP, wait func(VRRP) span) (VRRP, bool) {
	var best VRRP
	for i, b := range backups {
		if i == 0 || wait(b).high < wait(best).high {
			best = b
		}
	}
	return best, len(backups) > 0
}

// masterDown is the Master_Down_Interval of a backup (RFC 5798, section 6.1,
// with keepalived's down_timer_adverts in place of the 3), counted from the last
// advert that it heeded, which was up to one interval before.
func (m model) masterDown(b VRRP) span {
	adv := m.advertMs(b)
	skew, how := m.skewMs(b)
	down := float64(b.DownAdverts)*adv + skew
	return between(down-adv, down, fmt.Sprintf("Master_Down %d·%g + %s = %.5g, counted from the last advert, which was 0–%g before",
		b.DownAdverts, adv, how, down, adv))
}

// silent is how long the first backup waits that hears nothing any more.
func (m model) silent() span {
	b, found := m.first(m.backups, m.masterDown)
	if !found {
		return never(alone)
	}
	return m.masterDown(b).plus(b.second())
}

// lingered takes off what the old node goes on answering: it keeps the address
// for a while after it gave it up, and clients send there until the new master
// announces itself.
func (m model) lingered(s span, ms float64) span {
	if !m.lingers || s.never {
		return s
	}
	return span{
		low: max(0, s.low-ms), mean: max(0, s.mean-ms), high: max(0, s.high-ms),
		formula: fmt.Sprintf("%s, of which the old node, whose process 1 keeps the VIP, answers through the first %g", s.formula, ms),
	}
}

// failback is the outage when what was broken comes back; ok is false where the
// files don't decide it.
func (m model) failback(fault span) (s span, ok bool) {
	returning := m.holder.standing(nil)
	switch {
	case m.effect == effect.Handover():
		return span{}, false
	case fault.never:
		// What ends the outage then is the mending: how soon a HAProxy runs
		// again is in no file. One that only hung answers at once.
		return exactly(0, "the VIP had not moved"), m.effect.On == effect.HAProxy && m.effect.Silent
	case m.effect.StopsNode():
		return exactly(0, "the thawed node still has the address"), true
	case m.holder.NoPreempt:
		return exactly(0, "nopreempt: the VIP stays where it is"), true
	case !m.outranks(returning):
		return exactly(0, "the node that comes back has no higher priority"), true
	case !m.holder.Old:
		return exactly(0, "preemption: at the first advert of the new master the old one gives way, and the new one sets the address"), true
	case m.holder.Master && m.restarts():
		return exactly(m.holder.AdvertMs, fmt.Sprintf(
			"preemption: the old master gives way at once, the new one sets the address one advert later before keepalived 2.0: %g", m.holder.AdvertMs)), true
	}
	return forced(m.holder), true
}

// forced is how a backup before keepalived 2.0 takes the VIP from a master of
// lower priority: it answers the weaker advert with one of its own, for which
// the master gives way at once; an advert later it becomes master, and another
// one later it sets the address.
func forced(b VRRP) span {
	return exactly(2*b.AdvertMs, fmt.Sprintf(
		"a forced election before keepalived 2.0: the old master gives way at once, the new one sets the address two adverts later: 2·%g", b.AdvertMs))
}

// outranks says whether a priority is above that of every backup.
func (m model) outranks(priority int) bool {
	for _, b := range m.backups {
		if b.standing(nil) >= priority {
			return false
		}
	}
	return true
}

// restarts says whether keepalived itself begins anew after the fault, in the
// state that its file names.
func (m model) restarts() bool {
	return m.effect.Ends && (m.effect.On == effect.Keepalived || m.effect.On == effect.Node)
}
