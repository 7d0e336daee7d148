package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"halab/internal/agentapi"
	"halab/internal/lab"
	"halab/internal/problem"
	"halab/internal/topology"
)

// Switched is a planned move of a VIP.
type Switched struct {
	VIP  string `json:"vip"`
	From string `json:"from"`
	To   string `json:"to"`
	// LeftMs is how long the old holder needed to give the VIP up, on its own
	// clock.
	LeftMs float64 `json:"left_ms"`
}

// switchTime bounds a handover: with adverts of a second the backup may need
// most of one to take over.
const switchTime = 10 * time.Second

// NoSwitch says why no VIP of a lab with these timings can be moved on purpose, or
// "". Classic is as the demo of 2015 had it: nothing in its keepalived.conf follows a file
// of the node's agent.
func NoSwitch(p topology.Profile) string {
	switch p {
	case topology.ProfileClassic:
		return "in profile classic keepalived follows no file that asks for the VIP"
	case topology.ProfileOwn:
		return "keepalived runs with your own file, which follows no wish to hand the VIP over"
	}
	return ""
}

// Switch moves the VIP of a cluster to another node, as gentle as keepalived
// can be made to do it. With no node named it goes to the next one.
func (i *Injector) Switch(ctx context.Context, status *lab.State, cluster, to string) (Switched, error) {
	at := slices.IndexFunc(status.Clusters, func(c lab.Cluster) bool { return c.Name == cluster })
	if at < 0 {
		return Switched{}, unknownCluster(cluster, status)
	}
	c := status.Clusters[at]
	if why := NoSwitch(topology.Profile(status.Profile)); why != "" {
		return Switched{}, problem.New("%s can't be moved on purpose: %s", c.VIP.Name, why).
			Cure("move it by a stop", fmt.Sprintf("halab fail %s keepalived", c.VIP.Name), "halab restore "+c.Name)
	}
	from, to, err := route(c, to)
	if err != nil {
		return Switched{}, err
	}
	done := Switched{VIP: c.VIP.Name, From: from, To: to}
	reply, err := i.handOver(ctx, status, from)
	if err != nil {
		return done, err
	}
	done.LeftMs = float64(reply.Left-reply.Asked) / 1e6
	return done, i.awaitHolder(ctx, c, to)
}

func unknownCluster(name string, s *lab.State) error {
	var known []string
	for _, c := range s.Clusters {
		known = append(known, c.Name)
	}
	hint := ""
	if near := topology.Suggest(name, known); len(near) > 0 {
		hint = "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return fmt.Errorf("%q is not a cluster of this lab%s There are: %s", name, hint, strings.Join(known, ", "))
}

// route says from where to where the VIP of a cluster goes, and refuses a move
// that could not come about.
func route(c lab.Cluster, to string) (from, target string, err error) {
	if len(c.VIP.Holders) != 1 {
		return "", "", problem.New("%s is held by %d nodes, so it can't be moved from one to another", c.VIP.Name, len(c.VIP.Holders)).
			Cure("restore the cluster first", "halab restore "+c.Name)
	}
	from = c.VIP.Holders[0]
	if to == from {
		return "", "", fmt.Errorf("%s holds %s already", to, c.VIP.Name)
	}
	var unfit problem.List
	for _, n := range c.Nodes {
		switch {
		case n.Name == from, to != "" && n.Name != to:
		case n.VRRP != "BACKUP" || n.State != "running":
			unfit = append(unfit, problem.New("%s is not ready to take %s (node %s, VRRP %s)", n.Name, c.VIP.Name, n.State, orNone(n.VRRP)).
				Cure("restore it first", "halab restore "+n.Name))
		default:
			return from, n.Name, nil
		}
	}
	if len(unfit) > 0 {
		return "", "", unfit
	}
	if to == "" {
		return "", "", fmt.Errorf("%s has no other node that could take %s", c.Name, c.VIP.Name)
	}
	return "", "", unknownNode(to, c)
}

func unknownNode(name string, c lab.Cluster) error {
	var known []string
	for _, n := range c.Nodes {
		known = append(known, n.Name)
	}
	return &topology.UnknownError{Name: name, Wants: "a node of cluster " + c.Name, Close: topology.Suggest(name, known), Known: known}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func (i *Injector) handOver(ctx context.Context, status *lab.State, node string) (agentapi.HandoverReply, error) {
	var reply agentapi.HandoverReply
	machine, found := status.Container(node, topology.ServiceNode)
	if !found {
		return reply, problem.New("%s has no container of its own any more", node).Cure("make it anew", "halab up")
	}
	err := lab.AskAgent(ctx, i.engine, machine.ID, &reply, agentapi.CommandHandover, "--timeout", switchTime.String())
	if err != nil {
		return reply, fmt.Errorf("the agent on %s: %w", node, err)
	}
	if reply.Error != "" || !reply.Moved {
		return reply, fmt.Errorf("the VIP did not leave %s: %s", node, orNone(reply.Error))
	}
	return reply, nil
}

// awaitHolder waits until the VIP is on the node it should go to and nowhere
// else.
func (i *Injector) awaitHolder(ctx context.Context, c lab.Cluster, to string) error {
	_, err := i.lab.Until(ctx, switchTime, func(s *lab.State) (bool, error) {
		return slices.Equal(s.Holders()[c.VIP.Name], []string{to}), nil
	})
	if errors.Is(err, errPatience) {
		return problem.New("%s did not take %s within %s", to, c.VIP.Name, switchTime).Cure("see why", "halab status")
	}
	return err
}
