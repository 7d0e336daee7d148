package fault

import (
	"halab/internal/agentapi"
	"halab/internal/effect"
)

// rate bounds what a node sends.
func rate() Kind {
	return inside(Kind{
		Name: agentapi.FaultRate, Summary: "the node sends no more than that; more is dropped",
		Sees:   "large answers crawl, a full queue loses adverts too",
		Man:    "tc-tbf(8)",
		effect: func(Order) effect.Effect { return effect.Effect{On: effect.Link, Disturbs: true} },
		Args: []Arg{{Name: "BW", Type: "bandwidth", Unit: "kbit, mbit or gbit a second", Example: "1mbit",
			set: func(r *agentapi.FaultRequest, word string) (err error) { r.Rate, err = parseRate(word); return err }}},
	})
}
