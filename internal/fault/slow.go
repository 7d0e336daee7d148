package fault

import (
	"time"

	"halab/internal/agentapi"
	"halab/internal/effect"
	"halab/internal/topology"
)

// slow makes an app answer late.
func slow() Kind {
	k := inside(Kind{
		Name: agentapi.FaultSlow, Summary: "the app waits before each answer, health checks included",
		Sees:   "HAProxy takes the server down where its checks time out, and retries requests elsewhere",
		Man:    "HAProxy's timeout server, timeout check",
		effect: func(Order) effect.Effect { return effect.Effect{On: effect.App} },
		Args:   []Arg{timeArg("TIME", "", "500ms", func(r *agentapi.FaultRequest, d time.Duration) { r.Delay = d })},
	})
	k.On = []topology.Service{topology.ServiceApp}
	return k
}
