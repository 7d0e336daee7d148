package fault

import (
	"context"
	"errors"
	"time"
)

// againEvery is how long a restore waits before it looks whether there is more
// to mend; a lab is healthy sooner than that.
const againEvery = 3 * time.Second

// RestoreHealthy restores what the scope covers and waits until it is well. An
// engine on a busy machine may need seconds to notice that the services of a
// crashed node ended with it, and calls them running until then: what turns out
// to be down meanwhile is mended as well.
func (i *Injector) RestoreHealthy(ctx context.Context, scope Scope, patience time.Duration) ([]Mended, error) {
	end := time.Now().Add(patience)
	var all []Mended
	for {
		done, err := i.Restore(ctx, scope)
		all = append(all, done...)
		if err != nil {
			return all, err
		}
		_, err = i.waitHealthy(ctx, scope, min(time.Until(end), againEvery), patience)
		if !errors.Is(err, errPatience) || time.Until(end) <= 0 {
			return all, err
		}
	}
}
