package lab

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// group runs functions side by side, at most limit at once, and cancels the
// rest at the first error.
type group struct {
	g   *errgroup.Group
	ctx context.Context
}

func newGroup(ctx context.Context, limit int) *group {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(limit)
	return &group{g: g, ctx: ctx}
}

func (g *group) run(f func(context.Context) error) {
	g.g.Go(func() error { return f(g.ctx) })
}

func (g *group) wait() error { return g.g.Wait() }
