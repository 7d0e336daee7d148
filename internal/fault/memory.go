package fault

import "halab/internal/agentapi"

// memory takes memory of the engine's host.
func memory() Kind {
	return inside(Kind{
		Name: agentapi.FaultMemory, Summary: "takes memory, at most half of what the engine's host has left",
		Sees: "less cache, swapping where there is swap; this process is the first that the kernel ends",
		Man:  "proc(5), oom_score_adj",
		Args: []Arg{{Name: "SIZE", Type: "memory", Unit: "MB or GB", Default: "100MB", Example: "200MB",
			set: func(r *agentapi.FaultRequest, word string) (err error) { r.Bytes, err = parseBytes(word); return err }}},
	})
}
