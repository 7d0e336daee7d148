// Package standing says who is master of a VIP and why, from what each keepalived
// tells of itself and from the adverts that are on the wire. It is pure.
package standing

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"halab/internal/agentapi"
)

// Standing is a VIP and how its nodes stand to it; its JSON form is public
// (docs/json.md).
type Standing struct {
	VIP     string   `json:"vip"`
	Address string   `json:"address"`
	Holders []string `json:"holders"`
	Why     []string `json:"why"`
	Nodes   []Node   `json:"nodes"`
	Moves   []Move   `json:"moves"` // what would make it move
}

// Node is one node's part.
type Node struct {
	Node     string    `json:"node"`
	Holds    bool      `json:"holds"`
	Instance *Instance `json:"instance,omitempty"`
	// Unread says why its keepalived could not be asked.
	Unread string `json:"unread,omitempty"`
	// Heard are its adverts that the client heard meanwhile, with their priority.
	Heard         int     `json:"heard"`
	HeardPriority int     `json:"heard_priority,omitempty"`
	PerSecond     float64 `json:"per_second,omitempty"`
}

// Move is what a fault of the holder would cost.
type Move struct {
	Fault string `json:"fault"`
	Text  string `json:"text"`
}

// Asked is what was found of a node.
type Asked struct {
	Node, Address string
	Dump          agentapi.VRRPDump
	Unread        string
	Holds         bool
}

// Explain puts it together; wire is what was heard in so many seconds.
func Explain(vip, address string, asked []Asked, wire []agentapi.WireEvent, seconds float64) Standing {
	s := Standing{VIP: vip, Address: address, Holders: []string{}, Nodes: []Node{}, Moves: []Move{}}
	for _, a := range asked {
		n := Node{Node: a.Node, Holds: a.Holds, Unread: a.Unread}
		if a.Holds {
			s.Holders = append(s.Holders, a.Node)
		}
		list := parse(a.Dump.Data, a.Dump.Stats)
		if at := slices.IndexFunc(list, func(i Instance) bool { return slices.Contains(i.addresses, address) }); at >= 0 {
			n.Instance = &list[at]
		} else if n.Unread == "" {
			n.Unread = "no instance of its keepalived has " + address
		}
		for _, e := range wire {
			if e.Kind == "advert" && e.Source == a.Address && (n.Instance == nil || e.RouterID == n.Instance.RouterID) {
				n.Heard, n.HeardPriority = n.Heard+1, e.Priority
			}
		}
		if seconds > 0 {
			n.PerSecond = float64(int(float64(n.Heard)/seconds*10)) / 10
		}
		s.Nodes = append(s.Nodes, n)
	}
	s.Why = s.reasons()
	return s
}

// reasons are sentences, the holder's first.
func (s Standing) reasons() []string {
	why := []string{}
	switch len(s.Holders) {
	case 0:
		why = append(why, "nobody has "+s.Address+" on its interface")
	case 1:
	default:
		why = append(why, strings.Join(s.Holders, " and ")+" have "+s.Address+" at once")
	}
	var best *Node
	for i := range s.Nodes {
		if n := &s.Nodes[i]; n.Holds && n.Instance != nil {
			why = append(why, n.asHolder())
			if best == nil {
				best = n
			}
		}
	}
	for i := range s.Nodes {
		if n := &s.Nodes[i]; !n.Holds || n.Instance == nil {
			why = append(why, n.asBackup(best))
		}
		why = append(why, s.Nodes[i].refusals()...)
	}
	return why
}

func (n Node) asHolder() string {
	in := n.Instance
	text := fmt.Sprintf("%s has it: its keepalived says %s with priority %s", n.Node, in.State, in.priority())
	switch {
	case in.State != "MASTER":
		text += "; the address is left from before"
	case n.Heard == 0:
		text += "; the client hears no advert of it"
	default:
		text += fmt.Sprintf("; %.4g adverts a second are heard of it, of priority %d", n.PerSecond, n.HeardPriority)
	}
	return text
}

// asBackup says why a node is not the master.
func (n Node) asBackup(master *Node) string {
	in := n.Instance
	switch {
	case in == nil:
		return fmt.Sprintf("%s: %s", n.Node, n.Unread)
	case in.State == "FAULT":
		return fmt.Sprintf("%s is in FAULT, and takes nothing over%s", n.Node, in.faults())
	case in.State == "MASTER":
		return fmt.Sprintf("%s says MASTER with priority %s, and the address is not on its interface", n.Node, in.priority())
	}
	text := fmt.Sprintf("%s says %s with priority %s", n.Node, in.State, in.priority())
	if master == nil || master.Instance == nil {
		return text
	}
	switch top := master.Instance.Effective; {
	case in.Effective < top:
		text += fmt.Sprintf(": less than %d", top)
	case in.Effective == top:
		text += fmt.Sprintf(": equal to that of %s, and a backup leaves it to whoever sends adverts", master.Node)
	case in.NoPreempt:
		text += fmt.Sprintf(": more than %d, but nopreempt leaves it to whoever sends adverts", top)
	default:
		text += fmt.Sprintf(": more than %d, so it is about to take it", top)
	}
	return text
}

// priority is "254", or "100 (102 by its file; chk fails, weight -2)".
func (in Instance) priority() string {
	if in.Effective == in.Priority {
		return fmt.Sprint(in.Effective)
	}
	parts := []string{fmt.Sprintf("%d by its file", in.Priority)}
	for _, c := range in.Checks {
		switch {
		case c.Weight > 0 && !c.Failed:
			parts = append(parts, fmt.Sprintf("%s %s succeeds: +%d", c.Kind, c.Name, c.Weight))
		case c.Weight < 0 && c.Failed:
			parts = append(parts, fmt.Sprintf("%s %s fails: %d", c.Kind, c.Name, c.Weight))
		}
	}
	return fmt.Sprintf("%d (%s)", in.Effective, strings.Join(parts, "; "))
}

// faults names the checks for which an instance is in FAULT.
func (in Instance) faults() string {
	var list []string
	for _, c := range in.Checks {
		if c.Failed && c.Weight == 0 {
			list = append(list, fmt.Sprintf("%s %s says %s", c.Kind, c.Name, c.Status))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return ": " + strings.Join(list, ", ")
}

// refusals are the adverts that a node threw away, and why.
func (n Node) refusals() []string {
	var list []string
	if n.Instance != nil {
		for _, reason := range slices.Sorted(maps.Keys(n.Instance.Refused)) {
			list = append(list, fmt.Sprintf("%s has refused %d adverts since it started (%s)", n.Node, n.Instance.Refused[reason], reason))
		}
	}
	return list
}
