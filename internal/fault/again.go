package fault

import (
	"context"
	"errors"
	"time"

	"halab/internal/lab"
)

const (
	// againEvery is how long a restore waits before it looks whether there is more
	// to mend; a lab is healthy sooner than that, if nothing disturbs it.
	againEvery = time.Second
	// onItsWay is how long a lab in which nothing is broken is looked at: what a
	// killed halab asked the engine for last, to stop an app for instance, may
	// still be on its way.
	onItsWay = 300 * time.Millisecond
)

// RestoreHealthy restores what the scope covers of a lab as it is, and waits until
// that is well. An
// engine on a busy machine may need seconds to notice that the services of a
// crashed node ended with it, and calls them running until then: what turns out
// to be down meanwhile is mended as well. Machines without power come first, and
// patience begins once they run. A VIP that two nodes held is announced by the
// one that has it in the end.
//
// returned, unless nil, is called when the restoring calls have returned: once
// after the first ones, and again after each later ones that mended something.
func (i *Injector) RestoreHealthy(ctx context.Context, status *lab.State, scope Scope, patience time.Duration, returned func() error) ([]Mended, error) {
	all, status, err := i.powerOn(ctx, status, scope)
	if err != nil {
		return all, err
	}
	end := time.Now().Add(patience)
	split := splits(status)
	for looked := false; ; looked = true {
		scope.Without = status.Silent()
		done, err := i.Restore(ctx, status, scope)
		all = append(all, done...)
		if err := errors.Join(err, absent(status, scope)); err != nil {
			return all, err
		}
		if returned != nil && (!looked || len(done) > 0) {
			if err := returned(); err != nil {
				return all, err
			}
		}
		status, err = i.waitHealthy(ctx, scope, min(time.Until(end), againEvery), patience)
		switch {
		case err == nil && len(all) == 0 && !looked:
			if err := lab.Pause(ctx, onItsWay); err != nil {
				return nil, err
			}
			if status, err = i.lab.Look(ctx); err != nil {
				return nil, err
			}
		case err == nil:
			return all, i.announce(ctx, split, status)
		case !errors.Is(err, errPatience) || time.Until(end) <= 0 || status == nil:
			return all, err
		}
	}
}
