package lab

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"halab/internal/engine"
	"halab/internal/problem"
)

// sleeper does one thing after the other and takes a time for each, as the engine
// of an emulated machine does, however many are asked for at once.
type sleeper struct {
	turn chan struct{}
	each time.Duration
}

func (s sleeper) work(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.turn }()
	return Pause(ctx, s.each)
}

func nothing(context.Context) (map[string]engine.State, error) { return nil, nil }

// Four starts of 35 s each, one after the other: the last takes 140 s, and is no
// reason to give up.
func TestASlowEngineIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, slow := newPace(nothing), sleeper{make(chan struct{}, 1), 35 * time.Second}
		ended := make(chan error)
		for range 4 {
			go func() {
				work, stop := p.watch(t.Context())
				ended <- stop(slow.work(work))
			}()
		}
		for range 4 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
}

// One step of 90 s during which containers come up is no reason either.
func TestContainersThatChangeAreProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		p := newPace(func(context.Context) (map[string]engine.State, error) {
			state := engine.StateCreated
			if time.Since(begun) > 50*time.Second {
				state = engine.StateRunning
			}
			return map[string]engine.State{"a": state}, nil
		})
		work, stop := p.watch(t.Context())
		if err := stop(Pause(work, 90*time.Second)); err != nil {
			t.Error(err)
		}
	})
}

// An engine that gets nothing done is given up after a minute, with what to run, be it up or down;
// one that answers and does something else all the time, after ten.
func TestAStuckEngineIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, busy := range map[string]bool{"silent": false, "busy": true} {
		synctest.Test(t, func(t *testing.T) {
			p := newPace(func(context.Context) (map[string]engine.State, error) {
				if !busy {
					return nil, errors.New("no answer")
				}
				return map[string]engine.State{time.Now().String(): engine.StateRunning}, nil
			})
			begun := time.Now()
			work, stop := p.watch(t.Context())
			err := stop(Pause(work, time.Hour))
			if !strings.Contains(problem.Of(err).Text(), "run the same command again") {
				t.Errorf("%s: %v", name, err)
			}
			want, says := stepTime, "got nothing done for 1m"
			if busy {
				want, says = longestStep, "did not end this in 10m"
			}
			if !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v, without %q", name, err, says)
			}
			if took := time.Since(begun); took < want || took > want+2*paceEvery {
				t.Errorf("%s: given up after %s, want %s", name, took, want)
			}
		})
	}
}
