package fault

import "halab/internal/agentapi"

// disk fills the disk that a node's services share.
func disk() Kind {
	return inside(Kind{
		Name: agentapi.FaultDisk, Summary: "the memory disk that node, HAProxy and keepalived share is full",
		Sees: "what runs goes on; a service that starts can't write there, and no further fault can be recorded: it is refused",
		Man:  "tmpfs(5)",
	})
}
