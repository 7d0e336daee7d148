package fault

import (
	"halab/internal/agentapi"
	"halab/internal/effect"
)

// loss drops frames at random.
func loss() Kind {
	return inside(Kind{
		Name: agentapi.FaultLoss, Summary: "a share of all frames is lost",
		Sees: "slow answers (TCP repeats after 200 ms and more), missed adverts, now and then a failover",
		Man:  "nft(8), numgen", Args: []Arg{percentArg("PCT", "30"), direction(agentapi.DirectionBoth)},
		effect: func(Order) effect.Effect { return effect.Effect{On: effect.Link, Disturbs: true} },
	})
}
