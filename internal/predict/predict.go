// Package predict computes, from the two configuration files as a node has
// them, how long a client must expect to wait for each kind of fault: the
// arithmetic that a measurement is held against. It is pure.
//
// The VRRP numbers are those of RFC 5798: section 6.1 for Skew_Time and
// Master_Down_Interval, section 6.4.2 for what a backup does when its timer
// runs out or when it hears an advert of priority 0.
package predict

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"halab/internal/outage"
)

// Node is the configuration of one node as it has it.
type Node struct {
	Keepalived        string // text of keepalived.conf
	HAProxy           string // text of haproxy.cfg
	KeepalivedVersion string // as the daemon prints it, e.g. 2.2.7
	HAProxyVersion    string
}

// Input is what a prediction is made from.
type Input struct {
	Kind   outage.Kind
	Holder Node // the node that is hit and holds the VIP
	Backup Node // the node that takes over
	// Follows says that process 1 of a node tells keepalived when HAProxy is
	// gone or hangs (profile fast), by file or by signal.
	Follows bool
}

// Times that are in no configuration file, in milliseconds.
const (
	// noticeMs: until process 1 of the node has seen that a connection closed
	// and keepalived has been told.
	noticeMs = 2
	// A hanging HAProxy is asked every signEveryMs and has signWithinMs to
	// answer, and signGraceMs more are given.
	signEveryMs  = 20
	signWithinMs = 75
	signGraceMs  = 3
	// handlingMs: until the new master has set the address and announced it, and
	// switches and clients have learnt it.
	handlingMs = 5
)

const assumes = "up to 5 ms for the new master to set and announce the address, and a machine that lets every timer run out in time"

// span is a predicted stretch of time with its arithmetic.
type span struct {
	low, mean, high float64
	formula         string
}

func exactly(ms float64, formula string) span { return span{ms, ms, ms, formula} }

func (a span) plus(b span) span {
	s := span{a.low + b.low, a.mean + b.mean, a.high + b.high, a.formula}
	if b.formula != "" {
		s.formula += " + " + b.formula
	}
	return s
}

// prediction adds the handling and makes the public form.
func (a span) prediction(metric string) outage.Prediction {
	return outage.Prediction{
		Metric: metric, MinMs: round(a.low), MaxMs: round(a.high + handlingMs), MeanMs: round(a.mean),
		Formula: a.formula, Assumes: assumes,
	}
}

func round(v float64) float64 { return math.Round(v*1e3) / 1e3 }

// model is an input, read.
type model struct {
	Input
	vrrp   VRRP // of the backup: its timers decide
	holder VRRP
	proxy  Proxy
	old    bool // keepalived before 2.0
}

// Predict computes what to expect of a kind of fault and of its failback. A
// kind whose outcome the files don't decide has no prediction.
func Predict(in Input) ([]outage.Prediction, error) {
	m := model{
		Input: in, vrrp: ParseKeepalived(in.Backup.Keepalived), holder: ParseKeepalived(in.Holder.Keepalived),
		proxy: ParseHAProxy(in.Holder.HAProxy), old: before2(in.Backup.KeepalivedVersion),
	}
	if !m.vrrp.Found || !m.holder.Found {
		return nil, fmt.Errorf("predict %s: keepalived.conf has no vrrp_instance, so nothing moves the VIP\n  look at it:  halab config keepalived NODE", in.Kind)
	}
	switch in.Kind {
	case outage.KindAppStop, outage.KindAppKill, outage.KindAppHang:
		return m.app(), nil
	}
	s, ok := m.fault()
	if !ok {
		return nil, nil
	}
	p := s.prediction("edge.outage")
	if in.Kind == outage.KindHAProxyHang && !m.Follows {
		p = outage.Prediction{Metric: "edge.outage", Never: true, Formula: s.formula, Assumes: assumes}
	}
	out := []outage.Prediction{p}
	if in.Kind != outage.KindSwitch {
		out = append(out, m.failback().prediction("failback.edge.outage"))
	}
	return out, nil
}

// fault is the outage that a kind of fault makes at the edge.
func (m model) fault() (span, bool) {
	switch m.Kind {
	case outage.KindKeepalivedStop, outage.KindSwitch:
		return m.resigned(), true
	case outage.KindKeepalivedKill:
		return exactly(0, "the VIP stays on the old node's interface, whose HAProxy goes on answering"), true
	case outage.KindNodeCrash, outage.KindNodeFreeze:
		return m.silent(), true
	case outage.KindHAProxyStop:
		if m.Follows {
			return m.resigned(), true // the VIP is handed over before HAProxy ends
		}
		return m.scripted().plus(m.resigned()), true
	case outage.KindHAProxyKill:
		if m.Follows {
			return span{0, noticeMs / 2.0, noticeMs, "notice 0–2"}.plus(m.resigned()), true
		}
		return m.scripted().plus(m.resigned()), true
	case outage.KindHAProxyHang:
		if m.Follows {
			low, high := float64(signWithinMs), float64(signWithinMs+signEveryMs+signGraceMs)
			return span{low, (low + high) / 2, high, "sign of life overdue 75–98"}.plus(m.resigned()), true
		}
		return exactly(0, "the check looks for the process, and a hanging process is there"), true
	}
	return span{}, false
}

// resigned is how long a backup waits that was told with priority 0 (RFC 5798,
// section 6.4.2: Skew_Time).
func (m model) resigned() span {
	s := exactly(m.vrrp.SkewMs(), fmt.Sprintf("skew (256−%d)/256·%g = %.4g", m.vrrp.Priority, m.vrrp.AdvertMs, m.vrrp.SkewMs()))
	return s.plus(m.second())
}

// second is the advert that keepalived before 2.0 lets pass between becoming
// master and setting the address.
func (m model) second() span {
	if !m.old {
		return span{}
	}
	return exactly(m.vrrp.AdvertMs, fmt.Sprintf("one advert more before keepalived 2.0: %g", m.vrrp.AdvertMs))
}

// silent is how long a backup waits that hears nothing any more. The master's
// last advert was up to one interval before its end.
func (m model) silent() span {
	adv, down := m.vrrp.AdvertMs, m.vrrp.MasterDownMs()
	s := span{down - adv, down - adv/2, down, fmt.Sprintf(
		"Master_Down %d·%g + (256−%d)/256·%g = %.5g, counted from the last advert, which was 0–%g before",
		m.vrrp.DownAdverts, adv, m.vrrp.Priority, adv, down, adv)}
	return s.plus(m.second())
}

// scripted is how long a vrrp_script takes to notice that HAProxy is gone.
func (m model) scripted() span {
	for _, s := range m.holder.Scripts {
		if s.Weight != 0 {
			continue // moves the priority only
		}
		rest := float64(s.Fall-1) * s.IntervalMs
		return span{rest, rest + s.IntervalMs/2, rest + s.IntervalMs, fmt.Sprintf(
			"check every %g, %d failures: %g–%g", s.IntervalMs, s.Fall, rest, rest+s.IntervalMs)}
	}
	return exactly(0, "nothing checks HAProxy")
}

// failback is the outage when what was broken comes back.
func (m model) failback() span {
	switch {
	case m.vrrp.NoPreempt && m.holder.NoPreempt:
		return exactly(0, "nopreempt: the VIP stays where it is")
	case m.holder.Priority < m.vrrp.Priority:
		return exactly(0, "the node that comes back has the lower priority")
	case m.Kind == outage.KindHAProxyHang && !m.Follows:
		return exactly(0, "the VIP had not moved")
	case m.old:
		return exactly(m.holder.AdvertMs, fmt.Sprintf(
			"preemption: the old master gives way at once, the new one sets the address one advert later before keepalived 2.0: %g", m.holder.AdvertMs))
	}
	return exactly(0, "preemption: the new master has the address before the old one gives way")
}

// before2 says whether a keepalived version is before 2.0.
func before2(version string) bool {
	version = strings.TrimPrefix(strings.TrimSpace(version), "v")
	major, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(major)
	return err == nil && n < 2
}
