package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"halab/internal/agentapi"
	"halab/internal/effect"
	"halab/internal/engine"
	"halab/internal/lab"
	"halab/internal/outage"
	"halab/internal/standing"
	"halab/internal/topology"
)

// advertTime is how long the client listens for adverts: most files have one a second.
const advertTime = 1200 * time.Millisecond

// Explain says who is master of each VIP of a cluster, or of one VIP by its name, and
// why; "" is every cluster.
func (s *Session) Explain(ctx context.Context, target string) ([]standing.Standing, error) {
	st, err := s.running(ctx)
	if err != nil {
		return nil, err
	}
	var only topology.Cluster
	if target != "" {
		if only, err = st.Topology().ResolveCluster(target); err != nil {
			return nil, err
		}
	}
	outlook, unread := s.Outlook(ctx)
	wire, err := s.listen(ctx, st)
	if err != nil {
		return nil, err
	}
	var list []standing.Standing
	for _, c := range st.Clusters {
		if target != "" && c.Name != only.Name {
			continue
		}
		for _, v := range c.VIPs() {
			if target != "" && target != c.Name && target != v.Name {
				continue
			}
			one := standing.Explain(v.Name, v.Address, s.askNodes(ctx, st, c, v), wire, advertTime.Seconds())
			switch {
			case unread != nil:
				one.Moves = append(one.Moves, standing.Move{Text: "not known: " + unread.Error()})
			case len(one.Holders) == 1:
				if one.Moves, err = outlook.moves(c.Name, one.Holders[0]); err != nil {
					return nil, err
				}
			}
			list = append(list, one)
		}
	}
	return list, nil
}

// askNodes asks the keepalived of each node of a VIP, all at once.
func (s *Session) askNodes(ctx context.Context, st *lab.State, c lab.Cluster, v lab.VIP) []standing.Asked {
	asked := make([]standing.Asked, len(c.Nodes))
	var all sync.WaitGroup
	for i, n := range c.Nodes {
		asked[i] = standing.Asked{Node: n.Name, Address: n.Address, Holds: slices.Contains(v.Holders, n.Name)}
		all.Go(func() {
			dump, err := s.askVRRP(ctx, st, n.Name)
			if asked[i].Dump = dump; err != nil {
				asked[i].Unread = err.Error()
			}
		})
	}
	all.Wait()
	return asked
}

// askVRRP has a node's keepalived say what it knows.
func (s *Session) askVRRP(ctx context.Context, st *lab.State, node string) (agentapi.VRRPDump, error) {
	var dump agentapi.VRRPDump
	c, found := st.Container(node, topology.ServiceKeepalived)
	if !found || c.State != engine.StateRunning {
		return dump, errors.New("its keepalived does not run")
	}
	if err := lab.AskAgent(ctx, s.engine, c.ID, &dump, agentapi.CommandVRRP); err != nil {
		return dump, fmt.Errorf("its keepalived could not be asked: %w", err)
	}
	return dump, nil
}

// listen has the client listen for adverts for a while.
func (s *Session) listen(ctx context.Context, st *lab.State) ([]agentapi.WireEvent, error) {
	client, err := clientOf(st)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var wire []agentapi.WireEvent
	begun, ended := make(chan struct{}), make(chan error, 1)
	o, err := lab.Observe(ctx, s.engine, client.ID, agentapi.ObserverSpec{Interface: "eth0"}, lab.Observation{
		Line: func(l agentapi.ObserverLine) {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case l.Hello != nil:
				close(begun)
			case l.Wire != nil:
				wire = append(wire, *l.Wire)
			}
		},
		Odd:   func(string) {},
		Ended: func(err error) { ended <- err },
	})
	if err != nil {
		return nil, err
	}
	select {
	case <-begun:
		err = lab.Pause(ctx, advertTime)
	case err = <-ended:
		err = fmt.Errorf("the client does not listen for adverts: %w", err)
	case <-ctx.Done():
		err = ctx.Err()
	}
	o.Close()
	mu.Lock()
	defer mu.Unlock()
	return wire, err
}

// moves says what faults of a holder would come to.
func (o *Outlook) moves(cluster, holder string) ([]standing.Move, error) {
	list := []standing.Move{}
	for _, f := range []struct {
		name string
		of   effect.Effect
	}{
		{"HAProxy dies", effect.Kill(effect.HAProxy)}, {"HAProxy hangs", effect.Hang(effect.HAProxy)},
		{"keepalived is stopped", effect.Stop(effect.Keepalived)}, {"the node crashes", effect.Kill(effect.Node)},
		{"its link goes down", effect.Unlink()}, {"a switch", effect.Handover()},
	} {
		expected, err := o.of.Of(f.of, cluster, holder, holder)
		if err != nil {
			return nil, err
		}
		m := standing.Move{Fault: f.name, Text: expected.None}
		if at := slices.IndexFunc(expected.List, func(p outage.Prediction) bool { return p.Metric == "edge.outage" }); at >= 0 {
			m.Text = movesIn(expected.List[at])
		}
		list = append(list, m)
	}
	return list, nil
}

func movesIn(p outage.Prediction) string {
	if p.Never {
		return p.Formula
	}
	// An operator's file may let one wait for 33614 ms, which %.4g writes as 3.361e+04.
	return fmt.Sprintf("without an answer for %.0f–%.0f ms", p.MinMs, p.MaxMs)
}
