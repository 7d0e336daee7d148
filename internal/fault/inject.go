package fault

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/lab"
	"halab/internal/problem"
	"halab/internal/topology"
)

// injectInside has the agents of the nodes apply a fault: on all of them or, if
// one fails, on none.
func (i *Injector) injectInside(ctx context.Context, nodes, peers []string, o Order, status *lab.State) ([]Done, error) {
	macs := map[string]string{}
	if o.Peer != "" {
		macs = status.Hardware()
	}
	requests, err := requests(nodes, peers, o, macs)
	if err != nil {
		return nil, err
	}
	machines, names := map[string]engine.Container{}, []string{}
	for name := range requests {
		s := site{node: name, service: topology.ServiceNode, parts: status.Parts(name)}
		machines[name] = s.container()
		names = append(names, name)
		if err := ready(Kind{blocked: notRunning}, s, status); err != nil {
			return nil, err
		}
	}
	slices.Sort(names)
	done, errs := make([]Done, len(names)), make([]error, len(names))
	each(len(names), func(n int) {
		r := requests[names[n]]
		reply, err := i.applyInside(ctx, machines[names[n]], r)
		if err != nil {
			errs[n] = fmt.Errorf("%s on %s: %w", o.Text(), names[n], err)
			return
		}
		done[n] = Done{Node: names[n], Service: string(o.Service), Fault: o.Kind.Name, ID: r.ID, Words: o.Words, Notes: reply.Notes}
		if len(reply.Faults) > 0 {
			done[n].Until = reply.Faults[0].Until
		}
	})
	if err := errors.Join(errs...); err != nil {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
		defer cancel()
		each(len(names), func(n int) {
			if errs[n] == nil || errors.Is(errs[n], agentapi.ErrUnanswered) || ctx.Err() != nil {
				_, errs[n] = i.askFault(clean, machines[names[n]], "undo", requests[names[n]].ID)
			} else {
				errs[n] = nil
			}
		})
		left := errors.Join(errs...)
		if left == nil && errors.Is(err, agentapi.ErrUnanswered) {
			err = fmt.Errorf("%w; what had begun was undone, nothing is left of it", err)
		}
		return nil, errors.Join(err, left)
	}
	return done, nil
}

// requests says what each node is asked to do.
func requests(nodes, peers []string, o Order, macs map[string]string) (map[string]agentapi.FaultRequest, error) {
	r := o.request
	r.For = o.For
	r.ID = newID(o.Kind.Name)
	if o.Kind.Name == "hang" {
		r.Fault, r.Service = agentapi.FaultHang, string(o.Service)
		if o.Service == topology.ServiceNode {
			r.Fault, r.Service = agentapi.FaultFreeze, ""
		}
	}
	if o.Service == topology.ServiceApp {
		r.Service = string(o.Service)
	}
	list := map[string]agentapi.FaultRequest{}
	if o.Peer == "" {
		for _, n := range nodes {
			list[n] = r
		}
		return list, nil
	}
	for name, cut := range sides(nodes, peers, o.OneWay, macs) {
		for _, p := range cut {
			if p.MAC == "" {
				return nil, problem.New("%s has no address on the lab's network now, so nobody can be cut off from it", p.Name).
					Cure("restore it first", "halab restore")
			}
		}
		mine := r
		mine.Peers = cut
		list[name] = mine
	}
	if len(list) == 0 {
		return nil, errors.New("a partition needs two different sides")
	}
	return list, nil
}

// newID makes the name of a fault's record and of its packet filter's table.
func newID(fault string) string {
	random := make([]byte, 4)
	_, _ = rand.Read(random) // never fails (crypto/rand)
	return strings.ReplaceAll(fault, " ", "-") + "-" + hex.EncodeToString(random)
}
