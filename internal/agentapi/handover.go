package agentapi

// HandoverFile is followed by keepalived beside FaultFile: "1" asks it to hand
// the VIP over while HAProxy still works. The supervisor of HAProxy and `halab
// agent handover` write it, PID 1 never does.
const HandoverFile = RunDir + "/handover"

// More commands of `halab agent`.
const (
	// CommandHandover moves the VIP off the node, as gentle as can be: it is run
	// by halab in the node, `handover [--timeout D]`, and prints a
	// HandoverReply.
	CommandHandover = "handover"
	// CommandNotify is called by a keepalived without a notify FIFO of its own;
	// it writes what it is told into NotifyFIFO.
	CommandNotify = "notify"
)

// HandoverReply is the one line that `halab agent handover` prints.
type HandoverReply struct {
	Held  bool   `json:"held"`            // the node held a VIP when asked
	Moved bool   `json:"moved"`           // it holds none any more
	Asked int64  `json:"asked"`           // CLOCK_MONOTONIC, ns, when keepalived was told
	Left  int64  `json:"left,omitempty"`  // when the last VIP left the interface
	Error string `json:"error,omitempty"` // why it did not move
}

// KillReply is the one line that `halab agent kill` prints.
type KillReply struct {
	Service string `json:"service"`
	Killed  []int  `json:"killed"` // process numbers in the node
	Mono    int64  `json:"mono"`   // CLOCK_MONOTONIC, ns, of the kill
}
