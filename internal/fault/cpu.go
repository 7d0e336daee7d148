package fault

import "halab/internal/agentapi"

// cpu keeps processors busy.
func cpu() Kind {
	return inside(Kind{
		Name: agentapi.FaultCPU, Summary: "busy loops on the node; nodes of one engine share its processors",
		Sees: "late answers; a VIP that moves is a finding",
		Man:  "sched(7)",
		Args: []Arg{{Name: "N", Type: "busy loops", Unit: "1 to 256", Default: "2", Example: "4",
			set: func(r *agentapi.FaultRequest, word string) (err error) { r.Count, err = parseCount(word); return err }}},
	})
}
