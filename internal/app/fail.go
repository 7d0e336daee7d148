package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"halab/internal/effect"
	"halab/internal/fault"
	"halab/internal/lab"
)

// FailOrder says what is to be broken.
type FailOrder struct {
	fault.Order
	Target string
	// Keep sees to the end of a fault that is not kept by the node itself; it is
	// called before anything is broken.
	Keep func(nodes []string, o fault.Order) error
}

// Broken says what was done, and who holds the VIPs then; its JSON form is public
// (docs/json.md).
type Broken struct {
	Done []fault.Done `json:"done"`
	VIPs []VIPMove    `json:"vips"` // of the clusters that were touched
}

// VIPMove says who held a VIP before and who holds it after.
type VIPMove struct {
	Name    string   `json:"name"`
	Address string   `json:"address"`
	Before  []string `json:"before"`
	Holders []string `json:"holders"`
}

// Fail breaks something, and waits until VRRP has answered where it is to answer.
func (s *Session) Fail(ctx context.Context, o FailOrder) (Broken, error) {
	w, err := s.lab.Watch(ctx, nil)
	if err != nil {
		return Broken{}, err
	}
	defer w.Close()
	before := w.State()
	if len(before.Clusters) == 0 {
		return Broken{}, s.notUp()
	}
	nodes, err := before.Resolve(o.Target)
	if err != nil {
		return Broken{}, err
	}
	peers, err := o.Peers(before)
	if err != nil {
		return Broken{}, err
	}
	if o.For > 0 && !o.Inside() {
		if err := o.Keep(nodes, o.Order); err != nil {
			return Broken{}, err
		}
	}
	done, err := s.injector().Inject(ctx, before, nodes, peers, o.Order)
	if err != nil {
		return Broken{}, err
	}
	moves, err := afterwards(ctx, w, before, nodes, o.Order)
	return Broken{Done: done, VIPs: moves}, err
}

const (
	// electionPatience is how long fail waits for VRRP to find another holder: a
	// dead host of the classic profile takes up to 4.6 s.
	electionPatience = 6 * time.Second
	// splitTime is how long two holders of a VIP must be seen before they are
	// called that: the new one may be heard before the old one. So long a VIP that was
	// taken from its holder must be seen on one, which may be called so still.
	splitTime = 150 * time.Millisecond
)

// afterwards waits until the VIP has left the nodes that were broken, where
// what was broken should make it leave, and says who holds it then.
func afterwards(ctx context.Context, w *lab.Watch, before *lab.State, nodes []string, order fault.Order) ([]VIPMove, error) {
	var moves []VIPMove
	var since time.Time // what counts only where it is seen for a while is seen since then
	_, err := w.Until(ctx, electionPatience, func(now *lab.State) (bool, error) {
		moves = vipMoves(before, now, nodes)
		e := order.Effect()
		if e.EndsNode() {
			forget(moves, nodes)
		}
		switch {
		case e.On == effect.VIP && slices.ContainsFunc(moves, func(m VIPMove) bool { return len(m.Holders) != 1 }):
			since = time.Time{}
			return false, nil // who loses its address may have it again
		case e.On != effect.VIP && (!e.Moves || e.Returns):
			return true, nil
		case e.On != effect.VIP && !elected(moves, nodes, now):
			since = time.Time{}
			return false, nil
		case e.On != effect.VIP && !slices.ContainsFunc(moves, func(m VIPMove) bool { return len(m.Holders) > 1 }):
			return true, nil
		case since.IsZero():
			since = time.Now()
		}
		return time.Since(since) >= splitTime, nil
	})
	if errors.Is(err, lab.ErrPatience) {
		err = nil // who holds it then is the answer
	}
	return moves, err
}

// vipMoves compares the holders of the VIPs of the clusters that nodes are of.
func vipMoves(before, now *lab.State, nodes []string) []VIPMove {
	var moves []VIPMove
	for _, c := range now.Clusters {
		if !slices.ContainsFunc(c.Nodes, func(n lab.Node) bool { return slices.Contains(nodes, n.Name) }) {
			continue
		}
		for _, v := range c.VIPs() {
			moves = append(moves, VIPMove{Name: v.Name, Address: v.Address,
				Before: before.Holders()[v.Name], Holders: slices.Clone(v.Holders)})
		}
	}
	return moves
}

// forget takes nodes that have ended out of the holders: an engine on a busy machine
// may call a node running for a while after it has killed it.
func forget(moves []VIPMove, ended []string) {
	for i := range moves {
		moves[i].Holders = slices.DeleteFunc(moves[i].Holders, func(n string) bool { return slices.Contains(ended, n) })
	}
}

// elected says whether nothing more is to be expected: somebody else holds the
// VIP, or everybody who could was broken.
func elected(moves []VIPMove, nodes []string, now *lab.State) bool {
	for _, m := range moves {
		hit := func(name string) bool { return slices.Contains(nodes, name) }
		moved := slices.ContainsFunc(m.Holders, func(h string) bool { return !hit(h) })
		if moved || !slices.ContainsFunc(m.Before, hit) && len(m.Holders) > 0 {
			continue
		}
		for _, c := range now.Clusters {
			heir := func(n lab.Node) bool { return !hit(n.Name) && n.VRRP != "" && n.VRRP != "FAULT" }
			moves := slices.ContainsFunc(c.VIPs(), func(v lab.VIP) bool { return v.Name == m.Name })
			if moves && slices.ContainsFunc(c.Nodes, heir) {
				return false
			}
		}
	}
	return true
}

// Switch moves the VIP of a cluster to a node; "" is the next one.
func (s *Session) Switch(ctx context.Context, cluster, node string) (fault.Switched, error) {
	st, err := s.running(ctx)
	if err != nil {
		return fault.Switched{}, err
	}
	l := st.Topology()
	c, err := l.ResolveCluster(cluster)
	if err != nil {
		return fault.Switched{}, err
	}
	if node != "" {
		if _, err := l.ResolveNode(node); err != nil {
			return fault.Switched{}, err
		}
	}
	return s.injector().Switch(ctx, st, c.Name, node)
}

// Faults lists what is broken.
func (s *Session) Faults(ctx context.Context) ([]fault.Active, error) {
	st, err := s.running(ctx)
	if err != nil {
		return nil, err
	}
	return s.injector().Active(ctx, st)
}
