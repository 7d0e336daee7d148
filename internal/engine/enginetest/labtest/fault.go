package labtest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine/enginetest"
	"halab/internal/problem"
)

// Break does a fault to a node from inside.
func (w *World) Break(node string, f agentapi.Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults[node] = append(slices.Clone(w.faults[node]), f)
	w.changed(node)
}

// mend undoes a fault of a node, or all.
func (w *World) mend(node, id string) (undone []agentapi.Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var left []agentapi.Fault
	for _, f := range w.faults[node] {
		if id == "all" || f.ID == id {
			undone = append(undone, f)
		} else {
			left = append(left, f)
		}
	}
	w.faults[node] = left
	w.changed(node)
	return undone
}

// changed has everybody tell what a fault of a node made of the lab.
func (w *World) changed(node string) {
	if n, known := w.Project.Lab.Node(node); known {
		w.elect(n.Cluster)
	}
	w.tell()
}

// fault is what the agent of a node does when halab asks it for a fault.
func (w *World) fault(node string, p enginetest.Process) int {
	var reply agentapi.FaultReply
	switch p.Args[3] {
	case "apply":
		var r agentapi.FaultRequest
		if err := json.Unmarshal([]byte(p.Args[4]), &r); err != nil {
			reply.Problem = problem.From(err)
			break
		}
		fmt.Fprintln(p.Stdout, agentapi.FaultReady)
		if word, _ := bufio.NewReader(p.Stdin).ReadString('\n'); word != agentapi.FaultGo+"\n" {
			return 1 // halab is gone
		}
		f := agentapi.Fault{ID: r.ID, Fault: r.Fault, Words: r.Words, Service: r.Service, Since: time.Now()}
		w.Break(node, f)
		reply.Faults = []agentapi.Fault{f}
	case "undo":
		reply.Undone = w.mend(node, p.Args[4])
	}
	if json.NewEncoder(p.Stdout).Encode(reply) != nil {
		return 1
	}
	return 0
}
