// Package live is the one feed of what happens in a lab, for any number of viewers:
// what the nodes notice, what the engine says, gratuitous ARPs, faults that come and
// go, outages of the VIPs as probes from the lab's client meet them, and how halab's
// own work goes. A viewer gets the lab as it is, and then each change; it prints
// nothing.
package live

import (
	"time"

	"halab/internal/agentapi"
	"halab/internal/event"
	"halab/internal/lab"
)

// Kind says what an event tells of.
type Kind string

// The kinds.
const (
	VRRP     Kind = "vrrp"     // keepalived's state on a node changed
	VIP      Kind = "vip"      // a VIP came to an interface or left it
	ARP      Kind = "arp"      // a gratuitous ARP for a VIP passed the client
	Servers  Kind = "servers"  // HAProxy's view of its servers changed
	Service  Kind = "service"  // a daemon of a node ended, hung or answers again, as the node sees it
	Node     Kind = "node"     // anything else that a node noticed: its start, its link
	Engine   Kind = "engine"   // the engine says it of a container
	Fault    Kind = "fault"    // something is broken now
	Restore  Kind = "restore"  // something is not broken any more
	Outage   Kind = "outage"   // a VIP does not answer, or answers again
	Lab      Kind = "lab"      // the lab or its engine comes or goes
	Progress Kind = "progress" // halab's own work
	State    Kind = "state"    // the lab as it is now; the first event of every reader
)

// Kinds lists those that can be asked for: all but State, which is no event.
func Kinds() []Kind {
	return []Kind{VRRP, VIP, ARP, Servers, Service, Node, Engine, Fault, Restore, Outage, Lab, Progress}
}

// Actions of events; those of Node and Engine are the node's and the engine's own
// words.
const (
	Added   = "added"   // VIP
	Removed = "removed" // VIP
	Up      = "up"      // Service; Lab: its first node is there
	Gone    = "gone"    // Service
	Hung    = "hung"    // Service
	Began   = "began"   // Outage
	Ended   = "ended"   // Outage
	Ready   = "ready"   // Lab: every part is as a healthy lab has it
	Down    = "down"    // Lab: its last node is gone
	Lost    = "lost"    // Lab: the engine does not answer
	Back    = "back"    // Lab: the engine answers again
)

// Event is one thing that happened; its JSON form is public (docs/json.md). Which
// fields are set depends on its kind.
type Event struct {
	ID      uint64            `json:"id"` // higher than that of every event before it
	Time    time.Time         `json:"time"`
	Kind    Kind              `json:"kind"`
	Action  string            `json:"action,omitempty"`
	Cluster string            `json:"cluster,omitempty"`
	Node    string            `json:"node,omitempty"`    // node, or "client"
	Service string            `json:"service,omitempty"` // of Service, Engine, Fault, Restore
	Address string            `json:"address,omitempty"` // the VIP, of VIP, ARP, Outage
	From    string            `json:"from,omitempty"`    // of VRRP, and of a link
	To      string            `json:"to,omitempty"`
	Servers map[string]string `json:"servers,omitempty"`
	Fault   string            `json:"fault,omitempty"` // with its arguments, of Fault, Restore
	FaultID string            `json:"fault_id,omitempty"`
	Until   *time.Time        `json:"until,omitempty"` // when the fault ends by itself
	// OutageMs is how long the VIP did not answer: from when the first probe that
	// failed was due to when the next that succeeded was. Failed is how many failed.
	OutageMs float64 `json:"outage_ms,omitempty"`
	Failed   int     `json:"failed,omitempty"`
	Detail   string  `json:"detail,omitempty"`
	// Text is all of it in words; whoever prints the event sets it.
	Text string `json:"text,omitempty"`

	State *lab.State      `json:"-"` // of State
	Story *event.Event    `json:"-"` // of Progress
	Told  *agentapi.Event `json:"-"` // what a node noticed, as it said it
}
