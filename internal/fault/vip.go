package fault

import (
	"halab/internal/agentapi"
	"halab/internal/effect"
)

// vipStolen takes the VIP from the interface of its holder, behind keepalived's back.
func vipStolen() Kind {
	return inside(Kind{
		Name: agentapi.FaultVIPStolen, Summary: "the VIP is taken off the holder's interface, as networkd does with an address that it does not know",
		Sees:   "keepalived 2 resigns, and the VIP is back on one node or the other after a skew; before 2.0 nobody has it until it is put back",
		Man:    "ip-address(8); keepalived issues 836, 1170",
		effect: func(Order) effect.Effect { return effect.Effect{On: effect.VIP, Resigns: true} },
	})
}
