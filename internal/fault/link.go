package fault

import (
	"halab/internal/agentapi"
	"halab/internal/effect"
)

// linkDown pulls the cable of a node.
func linkDown() Kind {
	return inside(Kind{
		Name: agentapi.FaultLinkDown, Summary: "the interface goes down, as a pulled cable; addresses stay, routes come back",
		Sees:   "keepalived goes to FAULT, the other node takes the VIP; nobody reaches the node",
		Man:    "ip-link(8)",
		effect: func(Order) effect.Effect { return effect.Unlink() },
	})
}
