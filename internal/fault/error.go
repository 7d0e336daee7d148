package fault

import (
	"halab/internal/agentapi"
	"halab/internal/effect"
	"halab/internal/topology"
)

// appError makes an app answer 503.
func appError() Kind {
	k := inside(Kind{
		Name: agentapi.FaultError, Summary: "a share of the app's answers are 503, health checks included",
		Sees:   "retries by HAProxy, a server that goes down and comes back, some failed requests",
		Man:    "HAProxy's retry-on, option httpchk",
		effect: func(Order) effect.Effect { return effect.Effect{On: effect.App} },
		Args:   []Arg{percentArg("PCT", "20")},
	})
	k.On = []topology.Service{topology.ServiceApp}
	return k
}
