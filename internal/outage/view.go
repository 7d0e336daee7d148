package outage

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"halab/internal/agentapi"
)

// lead is how much of the time before the fault belongs to its phase: enough to
// see that all was well.
const lead = int64(250 * time.Millisecond)

// view is a recording prepared for one phase: everything in order of time, and
// the phase's bounds.
type view struct {
	rec     *Recording
	phase   Phase
	mark    int64 // just before the call that broke or mended
	back    int64 // when the call had returned; the phase's end if that is not known
	from    int64
	to      int64
	fault   moment // when the fault happened, also in the failback's view
	at      moment // the zero of this phase
	events  []agentapi.Event
	wire    []agentapi.WireEvent
	samples []agentapi.Sample // of all streams, by due
	vip     string
	members []NodeInfo // of the cluster that was hit
}

// moment is a time with the evidence for it.
type moment struct {
	at        int64
	source    string
	uncertain int64
}

// look prepares a recording; problem says why it can't be analysed.
func look(rec *Recording, phase Phase) (v *view, problem string) {
	v = &view{rec: rec, phase: phase}
	v.events = slices.Clone(rec.Events)
	slices.SortStableFunc(v.events, func(a, b agentapi.Event) int { return cmp.Compare(a.Mono, b.Mono) })
	v.wire = slices.Clone(rec.Wire)
	slices.SortStableFunc(v.wire, func(a, b agentapi.WireEvent) int { return cmp.Compare(a.At, b.At) })
	v.samples = Merge(rec.Samples)
	for _, n := range rec.Nodes {
		if n.Cluster == rec.Cluster {
			v.members = append(v.members, n)
		}
	}
	for _, a := range rec.VIPs {
		if a.Cluster == rec.Cluster {
			v.vip = bare(a.Address)
		}
	}
	fault, marked := v.moment(MarkFault)
	end := v.end()
	restore, mended := v.moment(MarkRestore)
	if !mended || restore > end || rec.KnownMs > 0 && phase == PhaseFault {
		restore = end // what a calibration lets go is seen to the end
	}
	if !marked {
		return v, "the recording has no mark of the fault"
	}
	v.mark, v.from, v.to, v.back = fault, fault-lead, restore, restore
	begin, returned := MarkFault, MarkFaultReturned
	switch phase {
	case PhaseFailback:
		if !mended {
			return v, "the recording has no mark of the mending"
		}
		v.mark, v.from, v.to, v.back = restore, restore, end, end
		begin, returned = MarkRestore, MarkRestoreReturned
	case PhaseSoak:
		v.from, v.to = fault, end
	}
	if back, ok := v.after(begin, returned); ok {
		v.back = min(back, v.to)
	}
	return v, ""
}

// moment is the time of the first mark with a name.
func (v *view) moment(name string) (int64, bool) {
	for _, m := range v.rec.Marks {
		if m.Name == name {
			return m.At, true
		}
	}
	return 0, false
}

// after is the time of the last mark with a name that belongs to the first one
// with another. An engine that calls a killed keepalived running gives a restore
// nothing to do, which returns at once; a second later it starts it, and returns
// again. The mending took effect no later than the last of these, not the first.
func (v *view) after(begin, name string) (at int64, found bool) {
	begun := false
	for _, m := range v.rec.Marks {
		switch {
		case !begun:
			begun = m.Name == begin
		case m.Name == name:
			at, found = m.At, true
		case m.Name == MarkFault || m.Name == MarkRestore:
			return at, found // the next step of a scenario file
		}
	}
	return at, found
}

// end is the recording's end: its mark, or just after the last probe was due.
func (v *view) end() int64 {
	if at, ok := v.moment(MarkEnd); ok {
		return at
	}
	end := int64(math.MinInt64)
	for _, s := range v.samples {
		end = max(end, s.Due+1)
	}
	for _, m := range v.rec.Marks {
		end = max(end, m.At)
	}
	return end
}

// ms is a moment relative to the phase's zero.
func (v *view) ms(at int64) float64 { return Ms(at - v.at.at) }

// Ms turns nanoseconds into milliseconds, to the microsecond.
func Ms(ns int64) float64 { return math.Round(float64(ns)/1e3) / 1e3 }

// span makes a Span of a stretch.
func (v *view) span(s stretch) Span {
	return Span{FromMs: v.ms(s.from), ToMs: v.ms(s.to), Open: s.to >= v.to}
}

// within are the samples of a stream that were due in the phase, by due.
func (v *view) within(stream string) []agentapi.Sample {
	var out []agentapi.Sample
	for _, s := range v.samples {
		if s.Stream == stream && s.Due >= v.from && s.Due < v.to {
			out = append(out, s)
		}
	}
	return out
}

// Merge puts samples of any number of streams in order of when they were due;
// samples due at the same time stay in the order of the arguments. None is lost
// and none is doubled.
func Merge(streams ...[]agentapi.Sample) []agentapi.Sample {
	out := slices.Concat(streams...)
	slices.SortStableFunc(out, func(a, b agentapi.Sample) int { return cmp.Compare(a.Due, b.Due) })
	return out
}

// bare is an address without its prefix length.
func bare(address string) string {
	address, _, _ = strings.Cut(address, "/")
	return address
}

// sender names the cluster's node that sent an advert; "" for any other.
func (v *view) sender(e agentapi.WireEvent) string {
	for _, n := range v.members {
		if e.Kind == "advert" && e.Source == bare(n.Address) {
			return n.Name
		}
	}
	return ""
}

// announcer names the cluster's node that sent a gratuitous ARP for its VIP.
func (v *view) announcer(e agentapi.WireEvent) string {
	for _, n := range v.members {
		if e.Kind == "garp" && e.VIP == v.vip && (strings.EqualFold(e.Source, n.MAC) || strings.EqualFold(e.MAC, n.MAC)) {
			return n.Name
		}
	}
	return ""
}
