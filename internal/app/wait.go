package app

import (
	"context"
	"errors"
	"time"
)

// errPatience says that a wait took too long.
var errPatience = errors.New("patience ran out")

// every calls look at once and then again and again until it says true, ctx
// ends or patience runs out, which is false.
func every(ctx context.Context, interval, patience time.Duration, look func() (bool, error)) (bool, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errPatience)
	defer cancel()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if done, err := look(); done || err != nil {
			return done, err
		}
		select {
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errPatience) {
				return false, nil
			}
			return false, ctx.Err()
		case <-tick.C:
		}
	}
}
