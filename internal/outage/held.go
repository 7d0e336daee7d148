package outage

import (
	"fmt"
	"slices"
	"strings"

	"halab/internal/agentapi"
)

// Fate is what became of a connection that was open when the fault happened, as its
// client's socket told it.
type Fate string

// The fates.
const (
	FateUnaffected Fate = "unaffected"
	FateStalled    Fate = "stalled" // an answer was late by what a lost segment costs, and then it went on
	FateFIN        Fate = "fin"     // closed in order
	FateRST        Fate = "rst"     // reset
	FateHang       Fate = "hang"    // no answer, and not a word that it is over
	FateOwnEnd     Fate = "own-end" // idle for so long that its server ends it anyway
)

// Held is what became of one connection that was held open.
type Held struct {
	Connection string `json:"connection"` // busy or idle
	VIP        string `json:"vip"`        // address that it led to
	Fate       Fate   `json:"fate"`
	// AfterMs: fin and rst, when the client learnt of the end, from the phase's zero;
	// stalled, how long the answer took; hang, for how long there had been none when
	// the phase ended, so that it is a lower bound; own-end, how long it had been idle.
	AfterMs float64 `json:"after_ms"`
	// LastMs is when its last answer came, from the phase's zero.
	LastMs float64 `json:"last_ms"`
	// InUse: it was idle, and what became of it showed when it was used again.
	InUse bool `json:"in_use,omitempty"`
	// Sent: what hangs was sent again so many times and never acknowledged. 0: the other
	// side's kernel has it, and no process answers.
	Sent int `json:"sent,omitempty"`
}

// Lost says whether the client has to dial anew because of the fault.
func (h Held) Lost() bool { return h.Fate.ends() || h.Fate == FateHang }

// stall is the least that a lost segment costs: Linux sends it again after 200 ms at
// the earliest (TCP_RTO_MIN of net/tcp.h). An answer that is late by less was lost to
// nothing.
const stall = int64(200 * 1e6)

// ownEnd is by how much a server may be late to end a connection that was idle for as
// long as it may; HAProxy looks at its timers when it wakes up.
const ownEnd = int64(1500 * 1e6)

// connections are those that were open at the phase's mark.
func (v *view) connections() []Held {
	var out []Held
	for _, spec := range v.rec.Held {
		var own []agentapi.HeldEvent
		number := 0
		for _, e := range v.rec.HeldEvents {
			if e.Name != spec.Name || e.VIP != spec.VIP {
				continue
			}
			own = append(own, e)
			if e.What == agentapi.HeldOpened && e.At < v.mark {
				number = e.Number
			}
		}
		life := life{spec: spec, mark: v.mark}
		for _, e := range own {
			if e.Number == number && e.At < v.to {
				life.take(e)
			}
		}
		if number > 0 && life.open(v.mark) {
			out = append(out, v.fate(life))
		}
	}
	return out
}

// life is one held connection up to the phase's end.
type life struct {
	spec     agentapi.HeldSpec
	mark     int64
	opened   int64
	asked    int64 // the last request
	answered int64 // the last answer
	waited   int64 // the longest wait for an answer that came after the mark
	used     bool  // a request was sent after the mark
	ended    agentapi.HeldEvent
	left     agentapi.HeldEvent
}

// open says whether the connection was there at a moment: neither over, nor let go of.
func (l *life) open(at int64) bool {
	return (l.ended.At == 0 || l.ended.At >= at) && (l.left.At == 0 || l.left.At >= at)
}

func (l *life) take(e agentapi.HeldEvent) {
	switch e.What {
	case agentapi.HeldOpened:
		l.opened = e.At
	case agentapi.HeldAsked:
		l.asked = e.At
		l.used = l.used || e.At >= l.mark
	case agentapi.HeldAnswered:
		l.answered = e.At
		if e.At >= l.mark {
			l.waited = max(l.waited, e.At-l.asked)
		}
	case agentapi.HeldEnded:
		l.ended = e
	case agentapi.HeldLeft:
		l.left = e
	}
}

// fate tells what became of a connection.
func (v *view) fate(l life) Held {
	last := max(l.opened, l.answered)
	h := Held{Connection: l.spec.Name, VIP: bare(l.spec.VIP), Fate: FateUnaffected, LastMs: v.ms(last)}
	h.InUse = l.spec.EveryMs == 0 && l.used
	idle, limit := l.ended.At-last, int64(l.spec.EndsMs*1e6)
	switch {
	case l.ended.How == "fin" && l.spec.EveryMs == 0 && !l.used && limit > 0 && idle > limit-ownEnd/3 && idle < limit+ownEnd:
		h.Fate, h.AfterMs = FateOwnEnd, Ms(idle)
	case l.ended.At > 0:
		h.Fate, h.AfterMs = fateOf(l.ended.How), v.ms(l.ended.At)
	case l.left.At > 0:
		h.Fate, h.AfterMs, h.Sent = FateHang, Ms(l.left.At-max(l.asked, v.at.at)), l.left.Sent
	case l.asked > l.answered && v.to-l.asked >= stall:
		h.Fate, h.AfterMs = FateHang, Ms(v.to-max(l.asked, v.at.at))
	case l.waited >= stall:
		h.Fate, h.AfterMs = FateStalled, Ms(l.waited)
	}
	h.InUse = h.InUse && h.Lost()
	return h
}

// fateOf is an end in the words of agentapi.HeldEvent. A kernel that gave a connection
// up after a quarter of an hour had it hanging until then.
func fateOf(how string) Fate {
	switch how {
	case "fin":
		return FateFIN
	case "rst":
		return FateRST
	}
	return FateHang
}

// HeldSummary is what became of one kind of connection to the VIP that was hit, over
// the runs that are measurements.
type HeldSummary struct {
	Phase      Phase  `json:"phase"`
	Connection string `json:"connection"`
	Fate       Fate   `json:"fate"`
	N          int    `json:"n"` // runs in which it met this
	// The times as Held.AfterMs has them.
	MinMs    float64 `json:"min_ms"`
	MedianMs float64 `json:"median_ms"`
	MaxMs    float64 `json:"max_ms"`
	InUse    bool    `json:"in_use,omitempty"`
}

// HeldTo finds a phase's connection to an address.
func (a Analysis) HeldTo(vip, connection string) (Held, bool) {
	at := slices.IndexFunc(a.Held, func(h Held) bool { return h.VIP == bare(vip) && h.Connection == connection })
	if at < 0 {
		return Held{}, false
	}
	return a.Held[at], true
}

// SummariseHeld sums up what became of the connections to the VIP that was hit: a line
// for each fate that any of them met.
func SummariseHeld(s ScenarioResult) []HeldSummary {
	var out []HeldSummary
	values := map[int][]float64{}
	for _, phase := range []Phase{PhaseFault, PhaseFailback, PhaseSoak} {
		for _, connection := range []string{agentapi.HeldBusy, agentapi.HeldIdle} {
			first := len(out)
			for _, h := range s.held(phase, connection) {
				at := slices.IndexFunc(out[first:], func(o HeldSummary) bool { return o.Fate == h.Fate && o.InUse == h.InUse }) + first
				if at < first {
					at = len(out)
					out = append(out, HeldSummary{Phase: phase, Connection: connection, Fate: h.Fate, InUse: h.InUse})
				}
				values[at] = append(values[at], h.AfterMs)
			}
		}
	}
	for i := range out {
		v := values[i]
		out[i].N, out[i].MinMs, out[i].MedianMs, out[i].MaxMs = len(v), slices.Min(v), Median(v), slices.Max(v)
	}
	return out
}

// held lists what became of a connection to the VIP that was hit, in each run that is a
// measurement.
func (s ScenarioResult) held(phase Phase, connection string) []Held {
	var out []Held
	for _, r := range s.Runs {
		a, ok := r.Phase(phase)
		if h, found := a.HeldTo(r.VIP, connection); ok && found && r.Valid() {
			out = append(out, h)
		}
	}
	return out
}

// String is the fate and its time in a few words.
func (h Held) String() string { return h.Fate.Words(short(h.AfterMs), h.InUse) }

// Words says a fate with its milliseconds, which mean another thing in each.
func (f Fate) Words(ms string, inUse bool) string {
	use := ""
	if inUse {
		use = " when used"
	}
	switch {
	case f == FateHang:
		return "hang > " + ms + " ms" + use
	case f.ends() && inUse:
		return f.name() + use
	case f.ends():
		return f.name() + " after " + ms + " ms"
	case f == FateStalled:
		return "waited " + ms + " ms and went on"
	case f == FateOwnEnd:
		return "ended by itself after " + ms + " ms without a word"
	}
	return string(f)
}

func (f Fate) ends() bool { return f == FateFIN || f == FateRST }

// name is the fate as the field writes it.
func (f Fate) name() string {
	if f.ends() {
		return strings.ToUpper(string(f))
	}
	return string(f)
}

func short(ms float64) string {
	if ms >= 100 {
		return fmt.Sprintf("%.0f", ms)
	}
	return fmt.Sprintf("%.3g", ms)
}
