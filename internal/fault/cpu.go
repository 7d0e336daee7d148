package fault

import "halab/internal/agentapi"

// cpu keeps processors busy.
func cpu() Kind {
	return inside(Kind{
		Name: agentapi.FaultCPU, Summary: "busy loops on the node, three quarters of the engine's processors at most",
		Sees: "apps answer late, on all nodes of the engine; HAProxy and keepalived go on, and a VIP that moves is a finding",
		Man:  "sched(7), cgroups(7)",
		Args: []Arg{{Name: "N", Type: "busy loops", Unit: "1 to 256", Default: "2", Example: "4",
			set: func(r *agentapi.FaultRequest, word string) (err error) { r.Count, err = parseCount(word); return err }}},
	})
}
