package e2e

import "testing"

// Who is master, why the other is not, and what would make the VIP move; of a node
// whose HAProxy is gone, which check has it in FAULT.
func TestExplain(t *testing.T) {
	lab := Shared(t)
	holder := lab.HolderOf(t, "frontend")
	Says(t, lab.Run(t, "explain"), "frontend-00 ("+lab.frontendVIP()+") is held by "+holder, holder+" has it: its keepalived says MASTER",
		"adverts a second are heard of it", Other(holder)+" says BACKUP with priority", "backend-00", "HAProxy dies", "without an answer for")
	lab.Run(t, "fail", Other(holder), "haproxy")
	Says(t, lab.Run(t, "explain", "frontend-00"), Other(holder)+" is in FAULT, and takes nothing over: file haproxy says 1", "HAProxy dies")
	got := decode[[]struct {
		Holders []string
		Nodes   []struct {
			Node     string
			Instance struct {
				State              string
				Priority, Received int
			}
		}
	}](t, lab.Run(t, "explain", "frontend", "--json"))
	if len(got) != 1 || len(got[0].Nodes) != 2 || got[0].Holders[0] != holder || got[0].Nodes[0].Instance.Priority == 0 {
		t.Errorf("as JSON: %+v", got)
	}
	lab.Refuse(t, 2, []string{"frontend"}, "explain", "frontnd")
}
