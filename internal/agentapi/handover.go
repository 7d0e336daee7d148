package agentapi

// HandoverFile is followed by keepalived beside FaultFile: "1" asks it to hand
// the VIP over while HAProxy still works. The supervisor of HAProxy and `halab
// agent handover` write it, PID 1 never does.
const HandoverFile = RunDir + "/handover"

// CommandHandover is one more command of `halab agent`: it moves the VIP off the
// node, as gentle as can be. It is run by halab in the node, `handover
// [--timeout D]`, and prints a HandoverReply.
const CommandHandover = "handover"

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
