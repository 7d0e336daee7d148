package fault

import (
	"halab/internal/agentapi"
	"halab/internal/effect"
	"halab/internal/topology"
)

// freeze stops a node as a whole: all processes in one moment, and its
// interface answers nothing.
func freeze() Kind {
	return inside(Kind{
		Name: agentapi.FaultFreeze, Summary: "all processes stop in one moment and the interface falls silent",
		Sees: "the other node takes the VIP, this one has it still: two holders, but only one answers",
		Man:  "kill(2), signal(7)", did: "froze", same: "hang", tells: hang().tells,
		effect: func(Order) effect.Effect { return effect.Hang(effect.Node) },
	})
}

// crash and shutdown are what kill and stop do to a node.
func crash() Kind {
	k := kill()
	k.Name, k.same, k.did, k.On, k.how = "crash", k.Name, "crashed", []topology.Service{topology.ServiceNode}, false
	k.Man = "pid_namespaces(7)"
	k.Summary = "the machine dies: its interface falls silent, and SIGKILL to its first process ends all"
	k.Sees = "as a power cut: the other node takes the VIP after its adverts have been missing, and no connection is closed"
	return k
}

func shutdown() Kind {
	k := stop()
	k.Name, k.same, k.did, k.On, k.how = "shutdown", k.Name, "shut down", []topology.Service{topology.ServiceNode}, false
	k.Man = "-"
	k.Summary = "an orderly end: keepalived hands the VIP over, then the services, then the machine"
	k.Sees = "hardly anything: the VIP moves before anything ends"
	return k
}
