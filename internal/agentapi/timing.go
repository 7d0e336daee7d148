package agentapi

import "time"

// Times of a lab's nodes that are in no configuration file. The agent keeps them,
// and predictions reckon with them.
const (
	// SignInterval is the time between two signs of life of HAProxy.
	SignInterval = 20 * time.Millisecond
	// SignDeadline is how long one may take. A freeze is known after 75 to 95 ms.
	// HAProxy answers in a fraction of a millisecond; this much more is for a busy
	// machine, where the kernel lets it wait a few time slices.
	SignDeadline = 75 * time.Millisecond
	// SignGrace is left to the answer that is in the kernel when the deadline
	// passes: the agent may have been the one that was late.
	SignGrace = 3 * time.Millisecond
	// LingerTime is how long a node keeps a VIP for itself after it gave it up: by
	// then every request that it had in hand is answered.
	LingerTime = time.Second
	// SettleTime is how long the other node may take to have the VIP before the
	// wish to hand over ends, and a HAProxy that is stopped goes on answering.
	// keepalived does not take a VIP back that it let go (nopreempt), but it takes
	// one that nobody has.
	SettleTime = 100 * time.Millisecond
	// SlowTimes is how many times longer everything takes that is paced on a node
	// that has stepped down: adverts, checks, signs of life, and what waits for them.
	// They must go together: with checks every 200 ms a stepped-down node would still
	// have no time for the requests, and an app that gives up on the other tier after
	// 250 ms gives up before that tier's HAProxy has tried its second server.
	SlowTimes = 20
)
