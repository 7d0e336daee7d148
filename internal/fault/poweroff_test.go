package fault

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"halab/internal/engine"
	"halab/internal/lab"
)

// plugs is a lab of machines, and the switch for those it can switch: a machine
// without power is unreachable.
type plugs struct {
	mu      sync.Mutex
	nodes   []string
	can     []string
	off     []string
	refuses error
}

func (p *plugs) Has(node string) bool { return slices.Contains(p.can, node) }

func (p *plugs) Off(_ context.Context, node string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.off = append(p.off, node)
	return nil
}

func (p *plugs) On(_ context.Context, node string) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := slices.Contains(p.off, node)
	if p.refuses == nil {
		p.off = slices.DeleteFunc(p.off, func(n string) bool { return n == node })
	}
	return was && p.refuses == nil, p.refuses
}

func (p *plugs) Look(context.Context) (*lab.State, error) { return p.now(), nil }

func (p *plugs) Until(ctx context.Context, _ time.Duration, holds func(*lab.State) (bool, error)) (*lab.State, error) {
	for {
		if ok, err := holds(p.now()); ok || err != nil {
			return p.now(), err
		}
		if err := lab.Pause(ctx, time.Millisecond); err != nil {
			return nil, err
		}
	}
}

func (p *plugs) now() *lab.State {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &lab.State{}
	c := lab.Cluster{Name: "a", VIP: lab.VIP{Name: "a-00"}}
	for _, n := range p.nodes {
		state := "running"
		if slices.Contains(p.off, n) {
			state = lab.Unreachable
		}
		c.Nodes = append(c.Nodes, lab.Node{Name: n, State: state})
		s.Containers = append(s.Containers, engine.Container{State: engine.StateRunning, Labels: map[string]string{engine.LabelNode: n, engine.LabelService: "node"}})
	}
	s.Clusters = []lab.Cluster{c}
	return s
}

func TestPoweroff(t *testing.T) {
	t.Parallel()
	order, err := Parse([]string{"node", "poweroff"})
	if err != nil {
		t.Fatal(err)
	}
	p := &plugs{nodes: []string{"a-01", "a-02"}, can: []string{"a-01"}}
	i := NewInjector(p, nil, p)
	if _, err := i.Inject(t.Context(), p.now(), []string{"a-02"}, nil, order); err == nil || !strings.Contains(err.Error(), "no power that halab can cut") {
		t.Errorf("a node without a switch: %v", err)
	}
	done, err := i.Inject(t.Context(), p.now(), []string{"a-01"}, nil, order)
	if err != nil || len(done) != 1 || !slices.Equal(p.off, []string{"a-01"}) {
		t.Fatalf("%v, %v; off: %v", done, err, p.off)
	}
	active, err := i.Active(t.Context(), p.now())
	if err != nil || !slices.ContainsFunc(active, func(a Active) bool { return a.Node == "a-01" && a.Fault == lab.Unreachable }) {
		t.Errorf("what is broken: %v, %v", active, err)
	}
	order.For = time.Second
	if err := order.Check(); err == nil {
		t.Error("a machine without power can't switch itself on")
	}
}

// Only what is unreachable, has a switch and is within the scope is switched on.
func TestPowerOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		scope Scope
		want  []string
	}{
		{"everything", Scope{}, []string{"a-01", "a-02"}},
		{"one node", Scope{Nodes: []string{"a-02"}}, []string{"a-02"}},
		{"a service of it", Scope{Nodes: []string{"a-02"}, Service: "haproxy"}, []string{"a-02"}},
		{"another node", Scope{Nodes: []string{"a-03"}}, nil},
		{"one fault", Scope{Fault: "loss"}, nil},
	} {
		p := &plugs{nodes: []string{"a-01", "a-02", "a-03", "a-04"}, can: []string{"a-01", "a-02", "a-03"}, off: []string{"a-01", "a-02", "a-04"}}
		mended, _, err := NewInjector(p, nil, p).powerOn(t.Context(), p.now(), c.scope)
		var names []string
		for _, m := range mended {
			names = append(names, m.Node)
		}
		if err != nil || !slices.Equal(names, c.want) {
			t.Errorf("%s: switched on %v, want %v (%v)", c.name, names, c.want, err)
		}
	}
	broken := errors.New("the provider is gone")
	p := &plugs{nodes: []string{"a-01"}, can: []string{"a-01"}, off: []string{"a-01"}, refuses: broken}
	if mended, _, err := NewInjector(p, nil, p).powerOn(t.Context(), p.now(), Scope{}); !errors.Is(err, broken) || len(mended) != 0 {
		t.Errorf("a switch that does not work: %v, %v", mended, err)
	}
}
