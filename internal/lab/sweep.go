package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/plan"
	"halab/internal/topology"
)

// A node that is a host keeps its network when its containers go. So Down has
// the faults undone before them, and looks after them whether anything is left:
// a VIP whose keepalived was killed, rules of the packet filter.

// undoTime bounds the undoing of a node's faults.
const undoTime = 10 * time.Second

// undoOnHosts has the agents undo the faults inside their nodes. What can't be
// undone so is swept away later.
func (l *Lab) undoOnHosts(ctx context.Context, o plan.Observed) {
	if _, several := l.fleet(); !several {
		return
	}
	states, _, err := l.nodeStates(ctx, nodeContainers(o.Containers))
	if err != nil {
		return // Down goes on, and says what it meets
	}
	var all sync.WaitGroup
	for name, c := range nodeContainers(o.Containers) {
		if c.State != engine.StateRunning || len(states[name].Faults) == 0 {
			continue
		}
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, undoTime)
			defer cancel()
			var said bytes.Buffer
			end := l.sink.Begin(name, "restore", "undoing its faults")
			code, err := l.run(ctx, c.ID, &said, &said, agentapi.BinaryPath, "agent", agentapi.CommandFault, "undo", "all")
			if err == nil && code != 0 {
				err = errors.New(strings.TrimSpace(said.String()))
			}
			end(err)
		})
	}
	all.Wait()
}

// sweepHosts removes from the hosts' interfaces what the lab left there.
func (l *Lab) sweepHosts(ctx context.Context, image string) error {
	if _, several := l.fleet(); !several || l.expected == nil || image == "" {
		return nil
	}
	silent := l.silent()
	var mu sync.Mutex
	var failed []error
	var all sync.WaitGroup
	for _, c := range l.expected.Clusters {
		for _, n := range c.Nodes {
			if n.Endpoint == "" || silent[n.Name] != "" {
				continue
			}
			all.Go(func() {
				if err := l.sweepHost(ctx, image, c, n); err != nil && !l.lost(err) {
					mu.Lock()
					defer mu.Unlock()
					failed = append(failed, fmt.Errorf("look at the interface of %s: %w", n.Name, err))
				}
			})
		}
	}
	all.Wait()
	return errors.Join(failed...)
}

// sweepHost runs the helper that does it. A host that has no image has had no
// lab.
func (l *Lab) sweepHost(ctx context.Context, image string, c topology.Cluster, n topology.Node) error {
	h := Helper{Lab: l.name, Verb: n.Name, Image: image, Endpoint: n.Endpoint,
		Args: []string{agentapi.CommandSweep, n.Interface, c.VIP.Address.String()}, Network: "host", Caps: []string{"NET_ADMIN"}}
	var reply agentapi.SweepReply
	end, err := h.Ask(ctx, l.engine, &reply, nil)
	if err != nil {
		return gone(err)
	}
	if len(reply.Removed) > 0 {
		l.sink.Info(n.Name, "removed "+strings.Join(reply.Removed, ", "))
	}
	if end.Complaint != "" {
		return errors.New(end.Complaint)
	}
	return nil
}
