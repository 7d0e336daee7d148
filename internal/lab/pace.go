package lab

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"halab/internal/engine"
	"halab/internal/problem"
)

// How long an engine's work may take. A start that takes 0.2 s on one machine
// takes 35 s on an emulated one, where four at once take more than two minutes:
// what tells a slow engine from one that is stuck is that a slow one gets
// something done.
const (
	// stepTime is how long an engine may get nothing done, whatever was asked of
	// it. Then what is under way is given up.
	stepTime = time.Minute
	// paceEvery is the time between two looks at whether it does.
	paceEvery = 5 * time.Second
	// longestStep bounds a step also of an engine that gets other things done.
	longestStep = 10 * time.Minute
)

// stuckError says what an engine did not get done: anything, or this one step.
type stuckError struct {
	idle time.Duration
	step time.Duration // since it began
}

func (e *stuckError) Error() string {
	if e.idle < stepTime {
		return fmt.Sprintf("the engine did not end this in %s, though it got other things done", e.step.Round(time.Second))
	}
	return fmt.Sprintf("the engine got nothing done for %s", e.idle.Round(time.Second))
}

// pace follows what an engine gets done: the steps that end, and what its
// containers' states are.
type pace struct {
	look func(context.Context) (map[string]engine.State, error)

	mu     sync.Mutex
	states map[string]engine.State // as last seen
	last   time.Time               // when something was done last
}

func newPace(look func(context.Context) (map[string]engine.State, error)) *pace {
	return &pace{look: look, last: time.Now()}
}

// states are those of the lab's containers.
func (l *Lab) states(ctx context.Context) (map[string]engine.State, error) {
	all, err := l.Containers(ctx)
	states := map[string]engine.State{}
	for _, c := range all {
		states[c.ID] = c.State
	}
	return states, err
}

// watch bounds one piece of work. stop ends the watching, counts the work as
// done, and makes the error of work that was given up say why.
func (p *pace) watch(ctx context.Context) (work context.Context, stop func(error) error) {
	work, giveUp := context.WithCancelCause(ctx)
	begun := time.Now()
	var watching sync.WaitGroup
	watching.Go(func() {
		for Pause(work, paceEvery) == nil {
			if idle, step := p.idle(work, begun), time.Since(begun); idle >= stepTime || step >= longestStep {
				giveUp(&stuckError{idle, step})
			}
		}
	})
	return work, func(err error) error {
		cause := context.Cause(work)
		giveUp(nil)
		watching.Wait()
		p.progress()
		if stuck := (*stuckError)(nil); err != nil && errors.As(cause, &stuck) {
			return problem.New("%w", stuck).Cure("see whether it answers", "docker info").
				Cure("then run the same command again: it goes on from here")
		}
		return err
	}
}

func (p *pace) progress() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = time.Now()
}

// idle is how long the engine has got nothing done, at most since the work
// began. Where no step has ended for a while, its containers are looked at: a
// change of theirs is progress. An engine that does not answer makes none.
func (p *pace) idle(ctx context.Context, begun time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	since := func() time.Duration { return min(time.Since(p.last), time.Since(begun)) }
	if since() < stepTime/2 {
		return since()
	}
	ctx, cancel := context.WithTimeout(ctx, paceEvery)
	defer cancel()
	states, err := p.look(ctx)
	if err == nil && p.states != nil && !maps.Equal(states, p.states) {
		p.last = time.Now()
	}
	if err == nil {
		p.states = states
	}
	return since()
}
