package forecast

import (
	"fmt"
	"math"
	"net/netip"
	"strings"

	"halab/internal/daemonconf/facts"
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
	Unknown Outcome = "unknown" // the files don't say
)

// Row is what a fault does to a cluster's VIPs.
type Row struct {
	Fault   string  `json:"fault"`
	Title   string  `json:"title"`
	Outcome Outcome `json:"outcome"`
	MinMs   float64 `json:"min_ms"`
	MaxMs   float64 `json:"max_ms"`
	Formula string  `json:"formula"`
	Held    string  `json:"held"` // what becomes of connections that are open
}

// Table is the forecast of a cluster.
type Table struct {
	VIPs   []netip.Addr `json:"vips"`
	Nodes  []string     `json:"nodes"`
	Holder string       `json:"holder"`
	Rows   []Row        `json:"rows"`
}

// faults lists what is forecast, as `halab drill` names it.
func faults() [][2]string {
	return [][2]string{
		{"haproxy-kill", "HAProxy dies"},
		{"haproxy-stop", "HAProxy is stopped"},
		{"haproxy-hang", "HAProxy hangs"},
		{"node-crash", "the node crashes"},
		{"node-freeze", "the node freezes"},
		{"link-down", "the node's link goes down"},
		{"keepalived-stop", "keepalived is stopped"},
		{"keepalived-kill", "keepalived dies"},
		{"app-kill", "a server dies"},
		{"app-hang", "a server hangs"},
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

// Table forecasts every fault. Where any of several nodes can hold the VIP
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
	deaf := c.deaf()
	for _, f := range faults() {
		row := Row{Fault: f[0], Title: f[1]}
		server := strings.HasPrefix(f[0], "app-")
		switch {
		case c.Alone && !server:
			row.Outcome, row.Formula = Unknown, "the other node's files are not here"
		case deaf != "":
			row.Outcome, row.Formula = Two, "at rest already: "+deaf
		case len(holders) == 0:
			row.Outcome, row.Formula = Nobody, "at rest already: "+c.Members[0].Stuck()
		default:
			for i, h := range holders {
				one := c.Fault(f[0], h)
				if len(holders) > 1 && one.Outcome != Moves && one.Outcome != Stays && one.Outcome != Part {
					one.Formula = "where " + h.Node.Name + " holds it: " + one.Formula
				}
				if i == 0 {
					row = merge(one, one)
				} else {
					row = merge(row, one)
				}
			}
			row.Fault, row.Title = f[0], f[1]
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// merge keeps the worse outcome, or the wider span of two that are alike.
func merge(a, b Row) Row {
	rank := map[Outcome]int{Stays: 0, Part: 1, Moves: 2, Unknown: 3, Two: 4, Never: 5, Nobody: 6}
	switch {
	case rank[b.Outcome] > rank[a.Outcome]:
		return b
	case rank[b.Outcome] < rank[a.Outcome]:
		return a
	}
	a.MinMs, a.MaxMs = min(a.MinMs, b.MinMs), max(a.MaxMs, b.MaxMs)
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

// span is a stretch of time with its arithmetic.
type span struct {
	low, high float64
	formula   string
}

func (a span) plus(b span) span {
	s := span{a.low + b.low, a.high + b.high, a.formula}
	switch {
	case s.formula == "":
		s.formula = b.formula
	case b.formula != "":
		s.formula += " + " + b.formula
	}
	return s
}

func (a span) row(held string) Row {
	return Row{Outcome: Moves, MinMs: round(a.low), MaxMs: round(a.high), Formula: a.formula, Held: held}
}

func round(ms float64) float64 { return math.Round(ms*10) / 10 }

// seconds writes milliseconds as s.
func seconds(ms float64) string { return fmt.Sprintf("%.4g s", ms/1000) }
