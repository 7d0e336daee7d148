package agentapi

// EnvHost is "1" where the node is a host of its own: its network is the host's
// and outlives the node's containers.
const EnvHost = "HALAB_HOST"

// Commands that a lab on hosts needs.
const (
	// CommandSweep takes off the host's network what a lab left there: `sweep
	// INTERFACE VIP`. It prints a SweepReply.
	CommandSweep = "sweep"
	// CommandCrash stops every process of a node that is a host and takes the
	// VIP and every fault off the host's network, so that the kill that follows
	// leaves no more behind than a power cut does. It prints a SweepReply.
	CommandCrash = "crash"
	// CommandClock answers every line of standard input with a ClockReply.
	CommandClock = "clock"
)

// LinkDownAlias is the ifalias of an interface that halab switched off, so that
// it is known even when the record of the fault is lost (ip-link(8), "alias").
const LinkDownAlias = "halab: link down"

// SweepReply lists what was removed, in words: "10.0.0.10 from eth1".
type SweepReply struct {
	Removed []string `json:"removed"`
}

// ClockReply is one reading of a machine's clocks.
type ClockReply struct {
	Mono int64  `json:"mono"` // CLOCK_MONOTONIC, ns
	Boot string `json:"boot"` // the kernel's boot ID (random(4)): with the same one, the clock is the same
}

// ClockOffset sets the monotonic clock of a node beside the observer's.
type ClockOffset struct {
	AheadNs  int64 `json:"ahead_ns"`  // how far the node's clock is ahead of the observer's
	WithinNs int64 `json:"within_ns"` // how far that may be wrong; 0: it is the same clock
}
