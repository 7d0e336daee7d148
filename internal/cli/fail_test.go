package cli

import (
	"context"
	"strings"
	"testing"

	"halab/internal/app"
	"halab/internal/engine"
)

// asleep is an engine that has yet to notice that a node has ended.
type asleep struct{ keepOpen }

func (e asleep) Containers(ctx context.Context, f engine.Filter) ([]engine.Container, error) {
	all, err := e.keepOpen.Containers(ctx, f)
	for i := range all {
		if all[i].Labels[engine.LabelService] == "node" {
			all[i].State = engine.StateRunning
		}
	}
	return all, err
}

func (e asleep) Inspect(ctx context.Context, id string) (engine.Container, error) {
	c, err := e.keepOpen.Inspect(ctx, id)
	c.State = engine.StateRunning
	return c, err
}

// The engine has said that the node is killed: it holds nothing then, however long
// the engine goes on to call it running.
func TestFailedNodeHoldsNothing(t *testing.T) {
	t.Parallel()
	for _, words := range []string{"fail frontend-00 node --how kill", "fail frontend-00 node", "fail frontend-00 crash"} {
		w := newWorld(t).up()
		w.open = func(context.Context, string) (app.Engine, error) { return asleep{keepOpen{w.Engine}}, nil }
		r := w.run(strings.Fields(words)...)
		if r.code != 0 || !strings.HasSuffix(r.stdout, "frontend-00 (192.168.99.10) is now held by frontend-02, before by frontend-01\n") {
			t.Errorf("%s: exit %d\n%s%s", words, r.code, r.stdout, r.stderr)
		}
	}
}

// A VIP of an operator's own files is named by its address, which is said once.
func TestVIPIsTitledOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, address, want string }{
		{"frontend-00", "192.168.99.10", "frontend-00 (192.168.99.10)"},
		{"192.0.2.10", "192.0.2.10", "192.0.2.10"},
	} {
		if got := vipTitle(c.name, c.address); got != c.want {
			t.Errorf("%s at %s is titled %q, not %q", c.name, c.address, got, c.want)
		}
	}
}
