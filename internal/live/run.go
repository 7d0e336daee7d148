package live

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/lab"
	"halab/internal/topology"
)

const (
	// window is how long an event waits for older ones from elsewhere. A node's log
	// line, the engine's word and a frame on the wire take some milliseconds each to
	// get here.
	window = 60 * time.Millisecond
	// againEvery is the time between two tries to reach an engine that went away.
	againEvery = time.Second
)

// run is the work of a feed as long as somebody reads.
type run struct {
	feed   *Feed
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{}

	events chan Event
	probes probes
	past   past
	shown  []byte // the state that was published last, as JSON
}

func begin(f *Feed) *run {
	r := &run{feed: f, ended: make(chan struct{}), events: make(chan Event, 256)}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.probes = probes{run: r, targets: make(chan target, 1), macs: map[string]string{}}
	go r.work()
	return r
}

func (r *run) work() {
	defer close(r.ended)
	ctx, cancel := context.WithCancel(r.ctx)
	var why error
	var sources, order sync.WaitGroup
	sources.Go(func() {
		defer cancel()
		why = r.watch(ctx)
	})
	sources.Go(func() { r.probes.work(ctx) })
	sorting, sorted := context.WithCancel(context.WithoutCancel(ctx))
	order.Go(func() {
		take := func(e Event) error { r.feed.publish(r, e); return nil }
		_ = lab.InOrder(sorting, window, r.events, func(e Event) time.Time { return e.Time }, take) // it ends with its context
	})
	sources.Wait()
	sorted()
	order.Wait()
	r.feed.finish(r, why)
	r.cancel()
}

// emit sends an event on its way.
func (r *run) emit(e Event) {
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	select {
	case r.events <- e:
	case <-r.ctx.Done():
	}
}

// watch follows the lab, through restarts of its engine, until ctx or the patience
// ends. An engine that does not answer at first is none that went away.
func (r *run) watch(ctx context.Context) error {
	var lost time.Time
	began := false
	for {
		err := r.follow(ctx, func() {
			if !lost.IsZero() {
				r.emit(Event{Kind: Lab, Action: Back})
			}
			lost, began = time.Time{}, true
		})
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !began:
			return err
		}
		if lost.IsZero() {
			lost = time.Now()
			r.emit(Event{Kind: Lab, Action: Lost, Detail: err.Error()})
		}
		if p := r.feed.options.Patience; p > 0 && time.Since(lost) > p {
			return fmt.Errorf("the engine of lab %s did not come back within %s: %w", r.feed.lab.Name(), p, err)
		}
		if err := lab.Pause(ctx, againEvery); err != nil {
			return err
		}
	}
}

func (r *run) follow(ctx context.Context, follows func()) error {
	w, err := r.feed.lab.Watch(ctx, r)
	if err != nil {
		return err
	}
	defer w.Close()
	follows()
	return w.Each(ctx, r.seen)
}

// seen takes in the lab as it is now.
func (r *run) seen(st *lab.State) error {
	for _, e := range r.past.changes(st) {
		r.emit(e)
	}
	doc, err := json.Marshal(st)
	if err != nil {
		return err
	}
	if string(doc) != string(r.shown) {
		r.shown = doc
		r.emit(Event{Kind: State, State: st})
	}
	r.probes.at(st)
	return nil
}

// Node takes in what a node noticed; it is lab.Listener's.
func (r *run) Node(labels map[string]string, told agentapi.Event) {
	if e, worth := fromNode(told); worth {
		e.Cluster, e.Node = labels[engine.LabelCluster], labels[engine.LabelNode]
		r.emit(e)
	}
}

// fromNode translates what a node noticed. Its faults are told from the lab's state,
// as those that nodes don't know are.
func fromNode(told agentapi.Event) (e Event, worth bool) {
	e = Event{Time: told.Time, From: told.From, To: told.To, Address: told.Address, Detail: told.Detail, Told: &told}
	switch told.Name {
	case agentapi.EventFault, agentapi.EventSelf:
		return e, false
	case agentapi.EventVRRP:
		e.Kind = VRRP
	case agentapi.EventVIPAdded:
		e.Kind, e.Action = VIP, Added
	case agentapi.EventVIPRemoved:
		e.Kind, e.Action = VIP, Removed
	case agentapi.EventServers:
		e.Kind, e.Servers = Servers, told.State.Servers
	case agentapi.EventHAProxyUp, agentapi.EventKeepalivedUp, agentapi.EventAppUp:
		e.Kind, e.Action = Service, Up
	case agentapi.EventHAProxyGone, agentapi.EventKeepalivedGone, agentapi.EventAppGone:
		e.Kind, e.Action = Service, Gone
	case agentapi.EventHAProxyHung:
		e.Kind, e.Action = Service, Hung
	default:
		e.Kind, e.Action = Node, string(told.Name)
	}
	if e.Kind == Service {
		e.Service = service(told.Name)
	}
	return e, true
}

// service is whom an event is about: "haproxy-gone" is HAProxy's.
func service(name agentapi.EventName) string {
	for _, s := range topology.Services() {
		if len(name) > len(s) && string(name[:len(s)+1]) == string(s)+"-" {
			return string(s)
		}
	}
	return ""
}

// Engine takes in what the engine says of a container; it is lab.Listener's. What
// halab itself makes and removes is seen as the lab that comes and goes.
func (r *run) Engine(told engine.Event) {
	service := told.Labels[engine.LabelService]
	if !slices.Contains([]string{"kill", "start", "die", "pause", "unpause", "oom"}, told.Action) ||
		service != topology.Client && !slices.Contains(topology.Services(), topology.Service(service)) {
		return
	}
	e := Event{Time: told.Time, Kind: Engine, Action: told.Action, Service: service,
		Cluster: told.Labels[engine.LabelCluster], Node: told.Labels[engine.LabelNode]}
	if e.Node == "" {
		e.Node = service
	}
	switch told.Action {
	case "kill":
		e.Detail = "signal " + told.Labels["signal"]
	case "die":
		e.Detail = "exit code " + told.Labels["exitCode"]
	}
	r.emit(e)
}
