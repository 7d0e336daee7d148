package lab

import (
	"context"
	"errors"
	"sync"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/plan"
)

// Want is what Up brings about.
type Want struct {
	plan.Wanted
	// Host is what the helper makes on the engine's host, and HostImage the
	// image it runs from.
	Host      agentapi.NetworkRequest
	HostImage string
	// Client is the container name requests are made from, and URL what must
	// answer through every tier before the lab is called ready.
	Client string
	URL    string
	// Own says that the daemons run files of the user's own: then what is to answer are
	// the Listeners. Nobody knows whether they ever will, so the wait ends when nothing
	// has changed for a while, and a daemon that ends is no reason to give up the rest.
	Own       bool
	Listeners []string
	// Patience bounds the wait for readiness.
	Patience time.Duration
}

// Plan says what Up would do now.
func (l *Lab) Plan(ctx context.Context, w Want) (plan.Plan, error) {
	o, err := l.Observe(ctx)
	if err != nil {
		return plan.Plan{}, err
	}
	l.markGoing(ctx, o.Containers)
	o.Marks = l.marks(ctx, w.Containers, o.Containers)
	wanted := w.Wanted
	if f, ok := l.fleet(); ok {
		absent := f.Absent()
		wanted = reachable(wanted, absent)
		o = leaveAlone(o, absent)
	}
	return plan.Make(wanted, o), nil
}

// markGoing marks the containers that the engine is removing, as a halab that was
// killed had asked it to: it may list them as running until the end. What tells
// is that their log is gone already.
func (l *Lab) markGoing(ctx context.Context, all []engine.Container) {
	var looks sync.WaitGroup
	for i := range all {
		looks.Go(func() {
			err := l.engine.Logs(ctx, all[i].ID, engine.LogOptions{Tail: 0}, func(engine.LogLine) error { return nil })
			if errors.Is(err, engine.ErrNotFound) {
				all[i].State = engine.StateRemoving
			}
		})
	}
	looks.Wait()
}

// changes bounds how often Up plans again because what it had seen is not so any
// more, and changePause is the time between: an engine still does what a halab
// that was killed had asked it for.
const (
	changes     = 3
	changePause = 300 * time.Millisecond
)

// Up makes what is missing, mends what differs, leaves the rest, and waits
// until the lab is whole. It can be interrupted at any point: what was made stays
// and the next Up or Down takes it from there.
func (l *Lab) Up(ctx context.Context, w Want) error {
	var tidy sync.WaitGroup
	defer tidy.Wait()
	var before *endedError
	for try := 0; ; try++ {
		news := "something changed while it was being looked at; looking again"
		again, err := l.upOnce(ctx, &w, &tidy)
		var ended *endedError
		if errors.As(err, &ended) {
			again, news = !ended.repeats(before), "it is started once more"
			before = ended
		}
		if !again || try == changes || ctx.Err() != nil {
			return errors.Join(err, l.Silence("up again when that is mended"))
		}
		l.sink.Info(l.name, news)
		_ = Pause(ctx, changePause) // where ctx ends, the next look says so
	}
}

// upOnce does all of it once, and says whether something was taken away
// meanwhile.
func (l *Lab) upOnce(ctx context.Context, w *Want, tidy *sync.WaitGroup) (again bool, err error) {
	if err := l.carryOut(ctx, *w, tidy); err != nil {
		return errors.Is(err, engine.ErrNotFound) || errors.Is(err, engine.ErrConflict), err
	}
	w.HostNetwork, w.ParentGone = false, false // that is done
	if w.Own {
		return false, l.awaitOwn(ctx, *w)
	}
	err = l.awaitWhole(ctx, *w)
	p, looked := l.Plan(ctx, *w)
	return looked == nil && !p.Empty(), err
}

// carryOut plans what is to be done now, and does it.
func (l *Lab) carryOut(ctx context.Context, w Want, tidy *sync.WaitGroup) error {
	p, err := l.Plan(ctx, w)
	if err != nil {
		return err
	}
	return l.execute(ctx, p, func(ctx context.Context) error { return l.hostUp(ctx, w.HostImage, w.Host, tidy) })
}

// nodeContainers maps each node to its own container.
func nodeContainers(all []engine.Container) map[string]engine.Container {
	nodes := map[string]engine.Container{}
	for _, c := range all {
		if c.Labels[engine.LabelService] == "node" {
			nodes[c.Labels[engine.LabelNode]] = c
		}
	}
	return nodes
}
