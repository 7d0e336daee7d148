package fleet

import (
	"context"
	"sync"
	"time"

	"halab/internal/engine"
)

// Events follows all engines until ctx ends. A host that goes away meanwhile ends
// its own part only. ready is called once all listen that answer.
func (f *Fleet) Events(ctx context.Context, filter engine.Filter, ready func(), take func(engine.Event) error) error {
	events := make(chan engine.Event)
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var listening sync.WaitGroup
	for _, m := range f.all() {
		if m.Engine == nil {
			continue
		}
		listening.Add(1)
		once := sync.OnceFunc(listening.Done)
		if m != f.home {
			defer time.AfterFunc(m.ask, once).Stop() // a host that does not answer is not waited for
		}
		go func() {
			defer once()
			err := m.Engine.Events(ctx, filter, once, func(e engine.Event) error {
				offset, _ := m.clock()
				e.Container, e.Time = m.route(e.Container), e.Time.Add(-offset)
				select {
				case events <- e:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			})
			if m == f.home {
				ended <- err
			}
		}()
	}
	go func() {
		listening.Wait()
		ready()
	}()
	for {
		select {
		case e := <-events:
			if err := take(e); err != nil {
				return err
			}
		case err := <-ended:
			return err
		}
	}
}
