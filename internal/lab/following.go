package lab

import (
	"context"
	"maps"
	"slices"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
)

// following is the work of a Watch; all of it is done by one goroutine.
type following struct {
	lab   *Lab
	watch *Watch
	tell  Listener // nil: nobody asks
	tails *tails

	events  chan engine.Event
	reports chan report
	ends    chan logEnd
	broken  chan error // why the engine tells no more

	all     []engine.Container
	told    map[string]agentapi.State // node -> what it reported last
	lost    map[string]string         // node -> why its log can't be read
	awaited map[string]bool           // nodes that have not been heard yet
	born    map[string]bool           // containers that were made since: all that they say is news
	known   map[string]bool           // others that were heard: what such a one says next is news
	late    bool                      // nobody is waited for any more
	stale   bool                      // what is listed may have changed
}

func newFollowing(l *Lab, w *Watch, tell Listener) *following {
	return &following{lab: l, watch: w, tell: tell,
		told: map[string]agentapi.State{}, lost: map[string]string{}, awaited: map[string]bool{},
		born: map[string]bool{}, known: map[string]bool{},
		events: make(chan engine.Event, 256), reports: make(chan report, 256), ends: make(chan logEnd, 64), broken: make(chan error, 1)}
}

const (
	// firstTime bounds the wait for what each node reported last.
	firstTime = 2 * time.Second
	// tendEvery is the time between two looks at what nobody tells: a host that
	// does not answer any more, a log whose connection broke.
	tendEvery = time.Second
)

// run follows the lab until ctx ends or the engine tells no more.
func (f *following) run(ctx context.Context) {
	defer close(f.watch.ended)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err := f.work(ctx)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	f.watch.publish(nil, err)
}

func (f *following) work(ctx context.Context) error {
	f.follow()
	if err := f.listen(ctx); err != nil {
		return err
	}
	tend := time.NewTicker(tendEvery)
	defer tend.Stop()
	first := time.After(firstTime)
	f.stale = true
	for {
		if f.stale {
			if err := f.list(ctx); err != nil {
				return err
			}
		}
		if len(f.awaited) == 0 {
			f.watch.publish(f.lab.gather(ctx, slices.Clone(f.all), maps.Clone(f.told), f.lost), nil)
		}
		select {
		case e := <-f.events:
			f.happened(ctx, e)
		case r := <-f.reports:
			f.heard(r)
		case end := <-f.ends:
			f.logEnded(end)
		case <-tend.C:
			f.tend(ctx)
		case <-first:
			f.late = true
			clear(f.awaited)
		case err := <-f.broken:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		f.more(ctx)
	}
}

// more takes in what has come meanwhile, so that of a burst of changes one state is
// made.
func (f *following) more(ctx context.Context) {
	for {
		select {
		case e := <-f.events:
			f.happened(ctx, e)
		case r := <-f.reports:
			f.heard(r)
		default:
			return
		}
	}
}

// listen has the engine tell what happens to the lab's containers from now on.
func (f *following) listen(ctx context.Context) error {
	listens := make(chan struct{})
	go func() {
		f.broken <- f.lab.engine.Events(ctx, f.lab.filter(), func() { close(listens) }, func(e engine.Event) error {
			select {
			case f.events <- e:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	select {
	case <-listens:
		return nil
	case err := <-f.broken:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// follow prepares the reading of the nodes' logs. The last line of a log has all
// that the node knew when it wrote it.
func (f *following) follow() {
	f.tails = newTails(f.lab.engine, engine.LogOptions{Tail: 1}, nil)
	f.tails.take = func(ctx context.Context, c engine.Container, line engine.LogLine) error {
		e, ok := agentapi.ParseEvent(line.Text)
		if !ok {
			// Others than events are rare in a node's log, but one may be the last.
			state, err := f.lab.lastState(ctx, c.ID)
			if err != nil {
				return err
			}
			e = agentapi.Event{State: state}
		}
		select {
		case f.reports <- report{c, e}:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	f.tails.ended = func(c engine.Container, err error) {
		select {
		case f.ends <- logEnd{c, err}:
		case <-f.watch.ended:
		}
	}
}

// list asks the engine what there is, and reads the logs of nodes that are new.
func (f *following) list(ctx context.Context) error {
	all, err := f.lab.Containers(ctx)
	if err != nil {
		return err
	}
	before, now := nodeContainers(f.all), nodeContainers(all)
	f.all, f.stale = all, false
	for name, c := range before {
		if now[name].ID != c.ID {
			f.tails.stop(c.ID)
			delete(f.told, name)
			delete(f.awaited, name)
		}
	}
	for name, c := range now {
		// Only a node that is new here has still to be heard: one that was heard
		// while the engine listed again says nothing more by itself.
		if f.watch.State() == nil && before[name].ID != c.ID && !f.late {
			f.awaited[name] = true
		}
		if f.born[c.ID] && !f.known[c.ID] {
			f.known[c.ID] = true
			f.tails.fromBeginning(c.ID)
		}
		if before[name].ID != c.ID || alive(c.State) && !f.tails.reads(c.ID) {
			f.tails.start(ctx, c)
		}
	}
	return nil
}

// happened takes in what the engine tells of a container.
func (f *following) happened(ctx context.Context, e engine.Event) {
	if f.tell != nil {
		f.tell.Engine(e)
	}
	at := slices.IndexFunc(f.all, func(c engine.Container) bool { return c.ID == e.Container })
	switch e.Action {
	case "create":
		f.stale = true
		f.born[e.Container] = at < 0 && nodeOf(e.Labels) != ""
	case "start":
		f.stale = true // its address is not told
		if at >= 0 && nodeOf(e.Labels) != "" {
			f.tails.start(ctx, f.all[at]) // its log was at its end
		}
	case "die":
		f.mark(at, engine.StateExited)
	case "pause":
		f.mark(at, engine.StatePaused)
	case "unpause":
		f.mark(at, engine.StateRunning)
	case "destroy":
		delete(f.born, e.Container)
		delete(f.known, e.Container)
		if at >= 0 {
			f.forget(f.all[at])
			f.all = slices.Delete(slices.Clone(f.all), at, at+1)
		}
	}
}

func (f *following) mark(at int, state engine.State) {
	if at >= 0 {
		f.all = slices.Clone(f.all)
		f.all[at].State = state
	}
}

// forget ends what is known of a node whose container is gone.
func (f *following) forget(c engine.Container) {
	f.tails.stop(c.ID)
	if node := nodeOf(c.Labels); node != "" {
		delete(f.told, node)
		delete(f.awaited, node)
	}
}

// heard takes in what a node told.
func (f *following) heard(r report) {
	node := nodeOf(r.container.Labels)
	delete(f.awaited, node)
	delete(f.lost, node)
	f.told[node] = r.event.State
	if f.tell != nil && f.known[r.container.ID] && r.event.Name != "" {
		f.tell.Node(r.container.Labels, r.event)
	}
	f.known[r.container.ID] = true
}

// logEnded takes in that a node's log can be read no further.
func (f *following) logEnded(end logEnd) {
	node := nodeOf(end.container.Labels)
	delete(f.awaited, node)
	if f.lab.lost(end.err) {
		f.lost[node] = end.err.Error()
	}
}

// tend looks after what nobody tells.
func (f *following) tend(ctx context.Context) {
	if _, several := f.lab.fleet(); several {
		f.stale = true // a host that does not answer any more says nothing
		return
	}
	for _, c := range nodeContainers(f.all) {
		if alive(c.State) && !f.tails.reads(c.ID) {
			f.tails.start(ctx, c)
		}
	}
}
