package fault

import (
	"halab/internal/agentapi"
	"halab/internal/effect"
)

// dropVRRP drops VRRP alone.
func dropVRRP() Kind {
	return inside(Kind{
		Name: agentapi.FaultDropVRRP, Summary: "protocol 112 alone is dropped: split brain with everything else healthy",
		Sees: "two masters where the backup stops hearing the master; both announce the VIP",
		Man:  "keepalived.conf(5), RFC 5798", Args: []Arg{direction(agentapi.DirectionBoth)},
		effect: func(Order) effect.Effect { return effect.Effect{On: effect.VRRP, Splits: true} },
	})
}
