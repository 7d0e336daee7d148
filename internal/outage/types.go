// Package outage turns what an observer recorded of one fault into figures:
// how long clients were without an answer, where the milliseconds went, which
// invariants broke and whether a budget held. It is pure: no clock, no file, no
// network.
//
// The types of this package are the public schema of `halab drill --json` and
// `--save`. Units are in the names: fields ending in _ms are milliseconds with
// a fraction, and inside an Analysis they count from the moment of the fault
// (Analysis.At) unless they are durations; fields ending in _ns are nanoseconds
// of CLOCK_MONOTONIC, the one clock of everything in a recording.
package outage

import (
	"halab/internal/agentapi"
	"halab/internal/effect"
)

// Marks that a drill sets in the observer's record. The first of each pair is
// set just before the call that breaks or mends something, the second when that
// call has returned: the moment itself lies between the two.
const (
	MarkFault           = "fault"
	MarkFaultReturned   = "fault-returned"
	MarkRestore         = "restore"
	MarkRestoreReturned = "restore-returned"
	MarkEnd             = "end" // nothing after it belongs to the run
)

// NodeInfo is what must be known of a node to read the wire.
type NodeInfo struct {
	Name    string `json:"name"`
	Cluster string `json:"cluster"`
	Address string `json:"address"` // IPv4 without prefix: the source of its adverts
	MAC     string `json:"mac"`     // lower case, colons
}

// VIPInfo is a virtual address of the lab.
type VIPInfo struct {
	Cluster  string `json:"cluster"`
	Address  string `json:"address"` // IPv4 without prefix
	RouterID int    `json:"router_id"`
}

// Kind is what a scenario does, as reports and budgets name it: haproxy-kill,
// link-down. Nothing is decided by it; what a fault means is its effect.
type Kind string

// The kinds that are no faults of the catalogue. KindSwitch hands the VIP over on
// purpose, KindCalibrate blocks the client itself for a known time, KindSoak breaks
// nothing, KindStart boots all nodes of a cluster at once, KindRolling has the daemons of
// one node after the other read their files again, KindRest watches for a while, and KindCustom is a scenario file's own sequence of steps.
const (
	KindSwitch    Kind = "switch"
	KindCalibrate Kind = "calibrate"
	KindSoak      Kind = "soak"
	KindCustom    Kind = "custom"
	KindStart     Kind = "start"
	KindRolling   Kind = "rolling"
	KindRest      Kind = "rest"
)

// Recording is the raw material of one run: everything that was seen, in the
// words of the observer and the nodes. Nothing in it is computed.
type Recording struct {
	Kind    Kind          `json:"kind"`
	Effect  effect.Effect `json:"effect"`  // of what was done
	Cluster string        `json:"cluster"` // the cluster that was hit
	Target  string        `json:"target"`  // the node that was hit
	Holder  string        `json:"holder"`  // node that held the cluster's VIP before the fault

	Hello      agentapi.ObserverHello          `json:"hello"`
	Streams    []agentapi.StreamSpec           `json:"streams"`
	Nodes      []NodeInfo                      `json:"nodes"`
	VIPs       []VIPInfo                       `json:"vips"`
	States     map[string]NodeState            `json:"states"` // by node: what each last reported before the recording
	Samples    []agentapi.Sample               `json:"samples,omitempty"`
	Held       []agentapi.HeldSpec             `json:"held,omitempty"` // connections that the observer held
	HeldEvents []agentapi.HeldEvent            `json:"held_events,omitempty"`
	Wire       []agentapi.WireEvent            `json:"wire,omitempty"`
	Events     []agentapi.Event                `json:"events,omitempty"` // of all nodes
	Marks      []agentapi.ObserverMark         `json:"marks"`
	Lag        []agentapi.ProberLag            `json:"lag,omitempty"`
	Before     []agentapi.HAProxyTotals        `json:"haproxy_before,omitempty"` // before the fault
	Between    []agentapi.HAProxyTotals        `json:"haproxy_between,omitempty"`
	After      []agentapi.HAProxyTotals        `json:"haproxy_after,omitempty"` // after the failback
	Clocks     map[string]agentapi.ClockOffset `json:"clocks,omitempty"`        // of nodes that are hosts of their own; the times of Events are corrected by them
	Errors     []string                        `json:"errors,omitempty"`        // what the observer or the drill complained of

	// Shows lists the invariants that the scenario is there to break.
	Shows []string `json:"shows,omitempty"`

	// KnownMs is the length of the outage a calibration made; 0 elsewhere.
	KnownMs float64 `json:"known_ms,omitempty"`
}

// NodeState is the part of a node's own report an analysis starts from.
type NodeState = agentapi.State

// Phase says which half of a run an Analysis covers.
type Phase string

// The phases of a run. PhaseSoak is a run without a fault.
const (
	PhaseFault    Phase = "fault"
	PhaseFailback Phase = "failback"
	PhaseSoak     Phase = "soak"
)

// Analysis is what one phase of one run comes to.
type Analysis struct {
	Phase Phase `json:"phase"`
	// At is the moment of the fault (or of the mending) and the zero of every
	// _ms moment below; AtSource says what it was read from and UncertainMs how
	// far it may be off.
	At          int64   `json:"at_ns"`
	AtSource    string  `json:"at_source"`
	UncertainMs float64 `json:"uncertain_ms"`
	// From and To bound the phase, relative to At.
	FromMs float64 `json:"from_ms"`
	ToMs   float64 `json:"to_ms"`

	Valid   bool   `json:"valid"`
	Invalid string `json:"invalid,omitempty"` // why the phase is no measurement

	Streams    []Stream    `json:"streams"`
	Held       []Held      `json:"held,omitempty"` // connections that were open when the phase began
	Anatomy    []Step      `json:"anatomy"`
	Invariants []Invariant `json:"invariants"`
	Holders    []Tenure    `json:"holders"` // VIP ownership as the interfaces have it
	Masters    []Tenure    `json:"masters"` // VIP ownership as the adverts claim it
	Elections  int         `json:"elections"`
}

// Stream is what clients of one probe stream met.
type Stream struct {
	Name            string  `json:"name"`
	Sent            int     `json:"sent"`
	Failed          int     `json:"failed"`
	Retried         int64   `json:"retried"` // retries and redispatches that HAProxy made meanwhile (stack stream), a held connection's new dials (keepalive)
	OutageLongestMs float64 `json:"outage_longest_ms"`
	OutageSumMs     float64 `json:"outage_sum_ms"`
	// FloorMs is the resolution: an outage shorter than it may go unseen, and
	// one that was seen is off by at most this much.
	FloorMs      float64        `json:"floor_ms"`
	Spans        []Span         `json:"spans"`
	LatencyP50Ms float64        `json:"latency_p50_ms"` // latencies are of the probes that were answered, from due
	LatencyP99Ms float64        `json:"latency_p99_ms"`
	LatencyMaxMs float64        `json:"latency_max_ms"`
	MaxLagMs     float64        `json:"max_lag_ms"` // largest sent − due
	Errors       map[string]int `json:"errors,omitempty"`
}

// Span is a stretch of time relative to the fault.
type Span struct {
	FromMs float64 `json:"from_ms"`
	ToMs   float64 `json:"to_ms"`
	// Failed counts probes that failed in the span (outages only).
	Failed int `json:"failed,omitempty"`
	// Open: the phase ended before the span did.
	Open bool `json:"open,omitempty"`
}

// Ms is the length of the span, to the microsecond like its ends: 2048.086 less
// 1050.086 is 998, and not 997.9999999999998.
func (s Span) Ms() float64 { return round(s.ToMs - s.FromMs) }

// Tenure is a stretch of time in which a node held the VIP.
type Tenure struct {
	Node string `json:"node"`
	Span
}

// StepName names a step of the anatomy.
type StepName string

// The steps of an anatomy, in the order in which they are expected.
const (
	StepFault      StepName = "fault"
	StepLastServed StepName = "last-served" // last probe that the old holder answered
	StepLastAdvert StepName = "last-advert" // last advert of the old master
	StepDetected   StepName = "detected"    // somebody other than the client knew
	StepElected    StepName = "elected"     // new master
	StepVIP        StepName = "vip"         // VIP on the new holder's interface
	StepGARP       StepName = "garp"        // first gratuitous ARP of the new holder
	StepServed     StepName = "served"      // first probe the new holder answered
)

// StepNames lists the steps in their order.
func StepNames() []StepName {
	return []StepName{
		StepFault, StepLastServed, StepLastAdvert, StepDetected,
		StepElected, StepVIP, StepGARP, StepServed,
	}
}

// Step is one moment of the anatomy.
type Step struct {
	Name    StepName `json:"name"`
	AtMs    float64  `json:"at_ms"` // meaningless when Missing is set
	Node    string   `json:"node,omitempty"`
	Source  string   `json:"source,omitempty"`  // the evidence: "advert on the wire", "node event haproxy-gone", …
	Missing string   `json:"missing,omitempty"` // why there is no such moment
}

// Seen says whether the step has a moment.
func (s Step) Seen() bool { return s.Missing == "" }

// Names of the invariants.
const (
	InvTwoHolders           = "two_holders"            // two interfaces had the VIP
	InvTwoMasters           = "two_masters"            // two nodes sent adverts for it
	InvNoHolder             = "no_holder"              // no live interface had it
	InvHolderWithoutHAProxy = "holder_without_haproxy" // its holder's HAProxy did not answer
	InvStaleVIP             = "stale_vip"              // it stayed on a node whose keepalived is gone
	InvFlapping             = "flapping"               // more elections than the fault explains
)

// Invariants lists their names.
func Invariants() []string {
	return []string{InvTwoHolders, InvTwoMasters, InvNoHolder, InvHolderWithoutHAProxy, InvStaleVIP, InvFlapping}
}

// Expectation says what a scenario holds of an invariant.
type Expectation string

// Never: it must hold. May: the fault cannot but break it for a while, and how
// long is a figure, not a surprise. Must: the scenario is there to show that it
// breaks, and its holding is what is remarkable.
const (
	Never Expectation = "never"
	May   Expectation = "may"
	Must  Expectation = "must"
)

// Invariant is one rule that must always hold, and for how long it did not.
type Invariant struct {
	Name string `json:"name"`
	// Ms is the sum of the spans. Stretches shorter than the error with which a
	// node's events are timed are not among them; BelowMs is the sum of those.
	Ms      float64     `json:"ms"`
	BelowMs float64     `json:"below_ms,omitempty"`
	Count   int         `json:"count,omitempty"` // flapping: elections too many
	Expect  Expectation `json:"expect"`
	Spans   []Span      `json:"spans,omitempty"`
}

// Broken says whether the invariant did not hold for some time.
func (i Invariant) Broken() bool { return i.Ms > 0 || i.Count > 0 }

// Remarkable says whether the reader must be told: it broke and must never, or
// it held although the scenario is there to show that it does not.
func (i Invariant) Remarkable() bool {
	return i.Broken() && i.Expect == Never || !i.Broken() && i.Expect == Must
}
