package forecast

import (
	"net/netip"
	"strings"

	"halab/internal/daemonconf/facts"
	"halab/internal/effect"
)

// Outcome is what becomes of the VIP.
type Outcome string

// The outcomes.
const (
	Moves   Outcome = "moves"   // away for a known time
	Stays   Outcome = "stays"   // nothing is lost by it
	Never   Outcome = "never"   // it stays where nobody answers
	Nobody  Outcome = "nobody"  // nobody holds it
	Two     Outcome = "two"     // two hold it
	Part    Outcome = "part"    // the VIP stays, a part of the requests fails
	Endless Outcome = "endless" // it goes from node to node without end
	Unknown Outcome = "unknown" // the files don't say
)

// Why says what decides that the VIP never leaves.
type Why string

// What keeps it.
const (
	WhyNothing   Why = "nothing"   // nothing notices HAProxy
	WhyWeight    Why = "weight"    // a weight that is not more than the gap
	WhyNoPreempt Why = "nopreempt" // a backup that leaves it to whoever sends adverts
	WhyFault     Why = "fault"     // nobody else can take it
	WhyCold      Why = "cold"      // HAProxy does not run where it goes
	WhyRevived   Why = "revived"   // it stays, and a check starts HAProxy again
)

// Fate is what becomes of connections that are open when the fault happens. A dead
// process's kernel closes them at once. A silent node leaves them hanging; once
// the VIP has moved, the new holder answers with a reset whatever the client
// sends on them.
type Fate string

// The fates.
const (
	HeldNone      Fate = ""
	HeldReset     Fate = "closed at once"
	HeldSilent    Fate = "hang, then reset"
	HeldMoved     Fate = "reset"
	HeldHang      Fate = "hang"
	HeldStay      Fate = "stay open"
	HeldEnded     Fate = "answered, then ended"
	HeldOwnClosed Fate = "its own are closed"
	HeldOwnHang   Fate = "its own hang"
)

// Row is what a fault does to a cluster's VIPs.
type Row struct {
	Fault   string  `json:"fault"`
	Title   string  `json:"title"`
	Outcome Outcome `json:"outcome"`
	MinMs   float64 `json:"min_ms"`
	MeanMs  float64 `json:"mean_ms"` // over a fault at a random moment
	MaxMs   float64 `json:"max_ms"`
	Formula string  `json:"formula"`
	Held    Fate    `json:"held"` // what becomes of connections that are open
	// HeldMinMs and HeldMaxMs: when they are reset, if their client sends by then.
	HeldMinMs float64 `json:"held_min_ms,omitempty"`
	HeldMaxMs float64 `json:"held_max_ms,omitempty"`
	// AtRest: it is so although nothing is broken.
	AtRest bool `json:"at_rest,omitempty"`
	Why    Why  `json:"-"`
}

// Table is the forecast of a cluster.
type Table struct {
	VIPs   []netip.Addr `json:"vips"`
	Nodes  []string     `json:"nodes"`
	Holder string       `json:"holder"`
	Rows   []Row        `json:"rows"`
}

// event is what is forecast: a fault of the holder, its end, or something that is
// done to the cluster on purpose.
type event struct {
	name, title string
	of          func(c Cluster, h Member) Row
}

// events lists them; the faults are named as `halab drill` names them.
func events() []event {
	fault := func(name, title string, e effect.Effect) event {
		return event{name, title, func(c Cluster, h Member) Row { return c.Fault(e, h) }}
	}
	back := func(name, title string, e effect.Effect) event {
		return event{name, title, func(c Cluster, h Member) Row {
			r, ok := c.Back(e, h, c.Fault(e, h))
			if !ok {
				return unknown("the VIP had not moved: it is served again as soon as what was broken runs again")
			}
			return r
		}}
	}
	return []event{
		fault("haproxy-kill", "HAProxy dies", effect.Kill(effect.HAProxy)),
		fault("haproxy-stop", "HAProxy is stopped", effect.Stop(effect.HAProxy)),
		fault("haproxy-hang", "HAProxy hangs", effect.Hang(effect.HAProxy)),
		fault("node-crash", "the node crashes", effect.Kill(effect.Node)),
		fault("node-freeze", "the node freezes", effect.Hang(effect.Node)),
		fault("link-down", "the node's link goes down", effect.Unlink()),
		fault("keepalived-stop", "keepalived is stopped", effect.Stop(effect.Keepalived)),
		fault("keepalived-kill", "keepalived dies", effect.Kill(effect.Keepalived)),
		fault("vip-stolen", "somebody takes the VIP", effect.Effect{On: effect.VIP, Resigns: true}),
		fault("app-kill", "a server dies", effect.Kill(effect.App)),
		fault("app-hang", "a server hangs", effect.Hang(effect.App)),
		back("haproxy-back", "HAProxy is back", effect.Kill(effect.HAProxy)),
		back("node-back", "the node is back", effect.Kill(effect.Node)),
		fault("keepalived-reload", "keepalived is reloaded", effect.Reload(effect.Keepalived)),
		fault("haproxy-reload", "HAProxy is reloaded", effect.Reload(effect.HAProxy)),
		{"start", "all nodes start at once", func(c Cluster, _ Member) Row { return c.Start() }},
	}
}

// Tables forecasts every cluster of some nodes.
func Tables(nodes []facts.Node) []Table {
	var list []Table
	for _, c := range Clusters(nodes) {
		list = append(list, c.Table())
	}
	return list
}

// Table forecasts every event. Where any of several nodes can hold the VIP
// (nopreempt), the row covers all of them.
func (c Cluster) Table() Table {
	t := Table{VIPs: c.VIPs}
	for _, m := range c.Members {
		t.Nodes = append(t.Nodes, m.Node.Name)
	}
	holders := c.Holders()
	var names []string
	for _, h := range holders {
		names = append(names, h.Node.Name)
	}
	if t.Holder = strings.Join(names, " or "); t.Holder == "" {
		t.Holder = "nobody"
	}
	rest, decided := c.rest(holders)
	for _, e := range events() {
		row := rest
		if server := strings.HasPrefix(e.name, "app-"); !decided || rest.Outcome == Unknown && server {
			row = c.over(holders, e)
		}
		row.Fault, row.Title = e.name, e.title
		t.Rows = append(t.Rows, row)
	}
	return t
}

// rest is what is so although nothing is broken: with that, faults hardly matter.
func (c Cluster) rest(holders []Member) (Row, bool) {
	if c.Alone {
		return unknown("the other node's files are not here"), true
	}
	row := Row{AtRest: true}
	why := ""
	switch deaf := c.deaf(); {
	case deaf != "":
		row.Outcome, why = Two, deaf
	case c.Crossed != "":
		row.Outcome, why = Endless, c.Crossed
	case c.Shared != "" && !c.Members[0].Old():
		// keepalived 2.2.7, two pairs: each refused advert put off the holder's own, so
		// that the backup became master for a moment every three or four seconds.
		row.Outcome, why = Two, c.Shared+": adverts that are refused put off the holder's own, so a backup takes the VIP for a moment, again and again"
	case len(holders) == 0:
		row.Outcome, why = Nobody, c.Members[0].Stuck()
	}
	for _, h := range holders {
		if unserved := h.Unserved(c.VIPs); why == "" && unserved != "" {
			row.Outcome, why = Never, unserved
		}
	}
	row.Formula = "at rest already: " + why
	return row, why != ""
}

// over is an event for each node that may hold the VIP, as one row.
func (c Cluster) over(holders []Member, e event) Row {
	var row Row
	for i, h := range holders {
		one := e.of(c, h)
		if len(holders) > 1 && one.Outcome != Moves && one.Outcome != Stays && one.Outcome != Part {
			one.Formula = "where " + h.Node.Name + " holds it: " + one.Formula
		}
		if i == 0 {
			row = one
		} else {
			row = merge(row, one)
		}
	}
	return row
}

// merge keeps the worse outcome, or the wider span of two that are alike.
func merge(a, b Row) Row {
	rank := map[Outcome]int{Stays: 0, Part: 1, Moves: 2, Unknown: 3, Two: 4, Endless: 5, Never: 6, Nobody: 7}
	switch {
	case rank[b.Outcome] > rank[a.Outcome]:
		return b
	case rank[b.Outcome] < rank[a.Outcome]:
		return a
	}
	a.MinMs, a.MaxMs, a.MeanMs = min(a.MinMs, b.MinMs), max(a.MaxMs, b.MaxMs), (a.MeanMs+b.MeanMs)/2
	a.HeldMinMs, a.HeldMaxMs = min(a.HeldMinMs, b.HeldMinMs), max(a.HeldMaxMs, b.HeldMaxMs)
	return a
}

// Holders are the nodes that can hold the VIP while all is well: the one with
// the highest effective priority, all where nobody preempts.
func (c Cluster) Holders() []Member {
	var able []Member
	best, preempts := 0, false
	for _, m := range c.Members {
		if m.Stuck() != "" {
			continue
		}
		able = append(able, m)
		best = max(best, m.Priority())
		preempts = preempts || !m.Is.NoPreempt.V
	}
	var list []Member
	for _, m := range able {
		if !preempts || m.Priority() == best {
			list = append(list, m)
		}
	}
	return list
}
