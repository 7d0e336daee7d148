package live

import (
	"slices"
	"time"

	"halab/internal/engine"
	"halab/internal/fault"
	"halab/internal/lab"
	"halab/internal/topology"
)

// past is what a lab was, for what differs now.
type past struct {
	seen    bool
	there   bool // it had nodes
	ready   bool
	settled bool // it was ready since it came: what is not running was ended by somebody
	faults  []fault.Active
}

// changes compares the lab with what it was. Of the first state nothing is a change.
// While a lab is brought up, its containers do not run either: that is no fault.
func (p *past) changes(st *lab.State) []Event {
	var list []Event
	there := len(st.Clusters) > 0
	was := *p
	p.seen, p.there, p.ready = true, there, st.Ready
	p.settled = there && (!was.seen || was.settled || st.Ready)
	p.faults = nil
	if p.settled {
		p.faults = fault.Present(st)
	}
	if !was.seen {
		return nil
	}
	if was.settled && p.settled {
		over := slices.DeleteFunc(slices.Clone(was.faults), func(f fault.Active) bool { return !runs(st, f) })
		list = append(differing(p.faults, was.faults, Fault), differing(over, p.faults, Restore)...)
	}
	for i := range list {
		list[i].Cluster = clusterOf(st, list[i].Node)
	}
	switch {
	case there && !was.there:
		list = append(list, Event{Kind: Lab, Action: Up})
	case !there && was.there:
		list = append(list, Event{Kind: Lab, Action: Down})
	}
	if st.Ready && !was.ready {
		list = append(list, Event{Kind: Lab, Action: Ready})
	}
	return list
}

// runs says whether what a fault was done to runs. What was removed, or ended with its
// node, was not restored.
func runs(st *lab.State, f fault.Active) bool {
	c, found := st.Container(f.Node, topology.Service(f.Service))
	if f.Node == topology.Client {
		c, found = st.Client()
	}
	return found && c.State == engine.StateRunning
}

// differing tells of the faults of a that b has not.
func differing(a, b []fault.Active, kind Kind) []Event {
	var list []Event
	for _, f := range a {
		if slices.ContainsFunc(b, func(o fault.Active) bool { return same(f, o) }) {
			continue
		}
		e := Event{Time: time.Now(), Kind: kind, Node: f.Node, Service: f.Service, Fault: f.Fault, FaultID: f.ID, Until: f.Until}
		if kind == Fault && f.Since != nil {
			e.Time = *f.Since
		}
		list = append(list, e)
	}
	return list
}

func same(a, b fault.Active) bool {
	return a.Node == b.Node && a.Service == b.Service && a.Fault == b.Fault && a.ID == b.ID
}

func clusterOf(st *lab.State, node string) string {
	if node == topology.Client {
		return ""
	}
	n, _ := st.Topology().Node(node)
	return n.Cluster
}
