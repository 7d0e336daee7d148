package fault

import (
	"halab/internal/agentapi"

	"github.com/vishvananda/netlink"
)

// How much may be sent at once, and how long a packet may wait, under a rate.
const (
	rateBurst   = 4096 // bytes; more than the largest packet
	rateLatency = 0.05 // seconds
)

// rate bounds what a node sends, by a token bucket (tc-tbf(8)).
func rate() applier {
	return queueFault(agentapi.FaultRate, "tbf", func(root netlink.QdiscAttrs, r agentapi.FaultRecord) netlink.Qdisc {
		bytes := r.Rate / 8
		return &netlink.Tbf{
			QdiscAttrs: root, Rate: bytes,
			Limit:  uint32(min(float64(bytes)*rateLatency+rateBurst, 1<<30)),
			Buffer: netlink.Xmittime(bytes, burstOf(bytes)),
		}
	})
}

// burstOf is what may be sent at once: a timer's tick of it at high rates.
func burstOf(bytes uint64) uint32 { return uint32(max(rateBurst, min(bytes/250, 1<<24))) }
