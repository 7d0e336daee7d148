package agentapi

import (
	"time"

	"halab/internal/problem"
)

// CommandFault breaks and mends a node from inside, run by halab in the node:
// `fault apply JSON`, `fault undo ID|all`, `fault list`, and `fault announce`,
// which tells the neighbours of the VIPs that the node holds. Each prints a
// FaultReply. `fault apply` says FaultReady once it has recorded the undo, and
// changes nothing before it reads FaultGo: a halab that was killed meanwhile
// says neither.
const CommandFault = "fault"

// What `fault apply` and halab say to each other before anything is changed.
const (
	FaultReady = "ready"
	FaultGo    = "go"
)

// Files of faults.
const (
	// FaultDir has a record for each fault of a node. A record is there before
	// anything is changed and goes when all is as it was.
	FaultDir = RunDir + "/faults"
	// AppFaultFile is read by the app before each answer: an AppFault.
	AppFaultFile = RunDir + "/app.fault"
)

// Names of the faults that the agent does inside a node.
const (
	FaultLinkDown  = "link down"
	FaultPartition = "partition"
	FaultDropVRRP  = "drop vrrp"
	FaultDropARP   = "drop arp"
	FaultVIPStolen = "vip stolen"
	FaultLoss      = "loss"
	FaultDelay     = "delay"
	FaultRate      = "rate"
	FaultSlow      = "slow"
	FaultError     = "error"
	FaultCPU       = "cpu"
	FaultMemory    = "memory"
	FaultDisk      = "disk"
	FaultFreeze    = "freeze"
	FaultHang      = "hang"
)

// Directions of what is dropped, as the node sees it.
const (
	DirectionIn   = "in"
	DirectionOut  = "out"
	DirectionBoth = "both"
)

// FaultRequest says what is to be done to a node. Which fields count depends on
// the fault.
type FaultRequest struct {
	ID        string        `json:"id"`                // letters, digits and hyphens
	Fault     string        `json:"fault"`             // its name, "link down"
	Words     []string      `json:"words,omitempty"`   // its arguments as they were given
	Service   string        `json:"service,omitempty"` // what hangs
	Percent   float64       `json:"percent,omitempty"` // of packets or of answers
	Delay     time.Duration `json:"delay,omitempty"`
	Jitter    time.Duration `json:"jitter,omitempty"`
	Rate      uint64        `json:"rate,omitempty"`  // bits a second
	Count     int           `json:"count,omitempty"` // busy loops
	Bytes     int64         `json:"bytes,omitempty"` // of memory
	Direction string        `json:"direction,omitempty"`
	Peers     []FaultPeer   `json:"peers,omitempty"` // who is cut off
	For       time.Duration `json:"for,omitempty"`   // it ends by itself then; 0: it doesn't
}

// FaultPeer is a machine that a node is cut off from.
type FaultPeer struct {
	Name string `json:"name"`
	MAC  string `json:"mac"`
	In   bool   `json:"in,omitempty"`  // what comes from it is dropped
	Out  bool   `json:"out,omitempty"` // what is sent to its address is dropped
}

// FaultRecord is a fault as the node keeps it: all that its undo needs.
type FaultRecord struct {
	FaultRequest
	Since  time.Time    `json:"since"`
	Until  *time.Time   `json:"until,omitempty"`
	Mono   int64        `json:"mono"` // CLOCK_MONOTONIC, ns, of Since
	Routes []FaultRoute `json:"routes,omitempty"`
	// Addresses are VIPs that were taken away.
	Addresses []FaultAddress `json:"addresses,omitempty"`
	// Active is false while the fault is being applied.
	Active bool `json:"-"`
}

// FaultRoute is a route that goes with its link.
type FaultRoute struct {
	To      string `json:"to,omitempty"` // empty: everywhere
	Gateway string `json:"gateway,omitempty"`
	Source  string `json:"source,omitempty"`
	Scope   uint8  `json:"scope,omitempty"`
	Metric  int    `json:"metric,omitempty"`
}

// FaultAddress is an address as the interface had it.
type FaultAddress struct {
	Prefix string `json:"prefix"` // with its length
	Label  string `json:"label,omitempty"`
	Scope  uint8  `json:"scope,omitempty"`
}

// Fault is a fault of a node in short, as its State lists it.
type Fault struct {
	ID      string     `json:"id"`
	Fault   string     `json:"fault"`
	Words   []string   `json:"words,omitempty"`
	Service string     `json:"service,omitempty"` // what it was done to, where that is not the whole node
	Since   time.Time  `json:"since"`
	Until   *time.Time `json:"until,omitempty"` // when it ends by itself
}

// FaultReply is the last line that `halab agent fault` prints.
type FaultReply struct {
	Mono    int64            `json:"mono,omitempty"` // CLOCK_MONOTONIC, ns, when the fault was there
	Faults  []Fault          `json:"faults,omitempty"`
	Undone  []Fault          `json:"undone,omitempty"`
	Notes   []string         `json:"notes,omitempty"` // what could only be done in part
	Problem *problem.Problem `json:"problem,omitempty"`
}

// AppFault is what AppFaultFile says.
type AppFault struct {
	SlowMs  float64 `json:"slow_ms"` // wait before each answer
	Percent float64 `json:"percent"` // of answers that are 503
}
