package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/internal/composefile"
	"halab/internal/engine"
	"halab/internal/engine/enginetest"
	"halab/internal/engine/enginetest/labtest"
	"halab/internal/event"
	"halab/internal/lab"

	"halab"
)

// world is a lab in memory, and its feed.
func world(t *testing.T, o Options) (*labtest.World, *Feed) {
	t.Helper()
	project, err := composefile.Load(t.Context(), composefile.Options{Embedded: halab.Files, Name: "halab", Base: "debian12"})
	if err != nil {
		t.Fatal(err)
	}
	w := labtest.New(t, project)
	return w, New(lab.New("halab", w.Engine, func(event.Event) {}), w.Engine, o)
}

// until reads events up to the first that is wanted, and gives all that came.
func until(t *testing.T, r *Reader, wanted func(Event) bool) []Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var all []Event
	for {
		e, err := r.Next(ctx)
		if err != nil {
			t.Fatalf("%v, after %v", err, brief(all))
		}
		if all = append(all, e); wanted(e) {
			return all
		}
	}
}

func brief(all []Event) string {
	var b strings.Builder
	for _, e := range all {
		fmt.Fprintf(&b, "\n%d %s %s %s %s %s", e.ID, e.Kind, e.Action, e.Node, e.Service, e.Detail)
	}
	return b.String()
}

func is(kind Kind, action, node string) func(Event) bool {
	return func(e Event) bool { return e.Kind == kind && e.Action == action && e.Node == node }
}

// A reader begins with the lab as it is, whenever it comes, and then has each change
// once, with rising numbers.
func TestSnapshotThenDeltas(t *testing.T) {
	w, feed := world(t, Options{Rate: 50})
	w.Up()
	first := feed.Subscribe(1000)
	defer first.Close()
	until(t, first, func(e Event) bool { return e.State != nil && e.State.Ready })
	w.Must("", w.Engine.ContainerKill(t.Context(), w.IDs["frontend-01-haproxy"], "KILL"))
	seen := until(t, first, is(Fault, "", "frontend-01"))

	late := feed.Subscribe(1000)
	defer late.Close()
	snapshot := until(t, late, func(Event) bool { return true })[0]
	if snapshot.Kind != State || snapshot.ID < seen[len(seen)-1].ID || snapshot.State.Ready {
		t.Errorf("the second reader began with %+v", snapshot)
	}
	w.Must("", w.Engine.ContainerStart(t.Context(), w.IDs["frontend-01-haproxy"]))
	over := is(Restore, "", "frontend-01")
	seen = append(seen, until(t, first, over)...)
	deltas := until(t, late, over)
	for _, list := range [][]Event{seen, append([]Event{snapshot}, deltas...)} {
		if !slices.IsSortedFunc(list, func(a, b Event) int { return int(a.ID) - int(b.ID) }) {
			t.Errorf("the numbers do not rise:%s", brief(list))
		}
	}
	for _, want := range []func(Event) bool{is(Engine, "die", "frontend-01"), is(Engine, "start", "frontend-01"), is(VRRP, "", "frontend-02")} {
		if n := len(slices.DeleteFunc(slices.Clone(seen), func(e Event) bool { return !want(e) })); n == 0 {
			t.Errorf("missing:%s", brief(seen))
		}
	}
	if f := seen[slices.IndexFunc(seen, is(Fault, "", "frontend-01"))]; f.Service != "haproxy" || f.Fault != "down" || f.Cluster != "frontend" {
		t.Errorf("the fault is %+v", f)
	}
}

// A reader that falls behind is dropped and told so, and may start over; others go on.
func TestASlowReaderIsDropped(t *testing.T) {
	w, feed := world(t, Options{})
	w.Up()
	fast, slow := feed.Subscribe(1000), feed.Subscribe(1)
	defer fast.Close()
	defer slow.Close()
	ready := func(e Event) bool { return e.State != nil && e.State.Ready }
	until(t, fast, ready)
	for i := range 3 {
		feed.Tell(event.Event{Time: time.Now(), Subject: fmt.Sprint(i), Status: event.Info})
	}
	until(t, fast, is(Progress, "info", "2"))
	var err error
	for err == nil {
		_, err = slow.Next(t.Context())
	}
	if !errors.Is(err, ErrSlow) {
		t.Errorf("the slow reader was told %v", err)
	}
	again := feed.Subscribe(10)
	defer again.Close()
	if e := until(t, again, func(Event) bool { return true })[0]; e.State == nil {
		t.Errorf("it starts over with %+v", e)
	}
}

// With nobody subscribed nothing runs: neither here nor in the client.
func TestNothingRunsForNobody(t *testing.T) {
	w, feed := world(t, Options{Rate: 50})
	w.Up()
	before := runtime.NumGoroutine()
	for range 3 {
		a, b := feed.Subscribe(1000), feed.Subscribe(1000)
		until(t, a, func(e Event) bool { return e.State != nil })
		a.Close()
		until(t, b, func(e Event) bool { return e.State != nil })
		for len(observers(w)) == 0 {
			time.Sleep(time.Millisecond)
		}
		b.Close()
		b.Close()
	}
	calls := len(w.Engine.Calls())
	for begin := time.Now(); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > 20*time.Second {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), buf[:runtime.Stack(buf, true)])
		}
	}
	if n := len(w.Engine.Calls()); n != calls {
		t.Errorf("the engine was asked %d times more", n-calls)
	}
	if _, err := feed.Subscribe(1).Next(canceled()); !errors.Is(err, context.Canceled) {
		t.Errorf("a reader whose time is over: %v", err)
	}
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func observers(w *labtest.World) []string {
	var list []string
	for _, c := range w.Engine.CallsOf("Exec") {
		if strings.Contains(c.Detail, agentapi.CommandObserve) {
			list = append(list, c.String())
		}
	}
	return list
}

// A lab that goes and comes again is said, and probed again by its new client. While
// it comes up, what does not run yet is no fault.
func TestTheLabGoesAndComes(t *testing.T) {
	w, feed := world(t, Options{Rate: 50})
	w.Up()
	r := feed.Subscribe(10000)
	defer r.Close()
	until(t, r, func(e Event) bool { return e.State != nil && e.State.Ready })
	for _, id := range w.IDs {
		w.Must("", w.Engine.ContainerRemove(t.Context(), id))
	}
	all := until(t, r, is(Lab, Down, ""))
	if at := slices.IndexFunc(all, func(e Event) bool { return e.Kind == Restore }); at >= 0 {
		t.Errorf("what was removed is said to be restored: %+v", all[at])
	}
	was := len(observers(w))
	for _, c := range w.Project.Containers {
		id := w.Must(w.Engine.ContainerCreate(t.Context(), c.Spec))
		time.Sleep(time.Millisecond)
		w.Must("", w.Engine.ContainerStart(t.Context(), id))
	}
	w.Report()
	all = until(t, r, is(Lab, Ready, ""))
	if slices.ContainsFunc(all, func(e Event) bool { return e.Kind == Fault }) || !slices.ContainsFunc(all, is(Lab, Up, "")) {
		t.Errorf("coming up is told as%s", brief(all))
	}
	for begin := time.Now(); len(observers(w)) == was; time.Sleep(time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatal("the VIPs of the new lab are not probed")
		}
	}
}

// restarts is an engine whose connections break, and that refuses new ones for a while.
type restarts struct {
	*enginetest.Engine
	breaks chan struct{}
	refuse atomic.Int32
}

func (e *restarts) Events(ctx context.Context, f engine.Filter, ready func(), take func(engine.Event) error) error {
	if e.refuse.Add(-1) >= 0 {
		return engine.ErrUnreachable
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-e.breaks:
			cancel()
		case <-ctx.Done():
		}
	}()
	return e.Engine.Events(ctx, f, ready, take)
}

// An engine that restarts is said, and the feed goes on with what has changed.
func TestTheEngineRestarts(t *testing.T) {
	w, _ := world(t, Options{})
	w.Up()
	e := &restarts{Engine: w.Engine, breaks: make(chan struct{})}
	r := New(lab.New("halab", e, func(event.Event) {}), e, Options{Patience: time.Minute}).Subscribe(1000)
	defer r.Close()
	until(t, r, func(e Event) bool { return e.State != nil && e.State.Ready })
	e.refuse.Store(2)
	e.breaks <- struct{}{}
	until(t, r, is(Lab, Lost, ""))
	w.Must("", w.Engine.ContainerKill(t.Context(), w.IDs["backend-01-app"], "KILL"))
	until(t, r, is(Lab, Back, ""))
	if f := until(t, r, is(Fault, "", "backend-01")); f[len(f)-1].Service != "app" {
		t.Errorf("told of%s", brief(f))
	}
	w.Must("", w.Engine.ContainerStart(t.Context(), w.IDs["backend-01-app"]))
	until(t, r, is(Engine, "start", "backend-01"))
}

// An engine that goes away is said and waited for: here it stays away.
func TestTheEngineIsGoneForGood(t *testing.T) {
	w, feed := world(t, Options{Patience: time.Millisecond})
	w.Up()
	r := feed.Subscribe(1000)
	defer r.Close()
	until(t, r, func(e Event) bool { return e.State != nil })
	go func() { _ = w.Engine.Close() }()
	until(t, r, is(Lab, Lost, ""))
	var err error
	for err == nil {
		_, err = r.Next(t.Context())
	}
	if !errors.Is(err, engine.ErrUnreachable) || !strings.Contains(err.Error(), "did not come back within") {
		t.Errorf("the feed ended with %v", err)
	}
	if _, err := feed.Subscribe(1).Next(t.Context()); !errors.Is(err, engine.ErrUnreachable) {
		t.Errorf("an engine that is not there at first: %v", err)
	}
}

// What an observer sees becomes events: an outage from the first probe that failed to
// the next that succeeded, though failures by timeout come last; of gratuitous ARPs
// the first of each other node.
func TestWhatAnObserverSees(t *testing.T) {
	const ms = int64(time.Millisecond)
	var got []string
	s := sight{vips: map[string]*stream{}, heard: map[string]string{"v": "n-01"}, emit: func(e Event) {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%d %s %s %s %g", e.Time.UnixMilli(), e.Kind, e.Action, e.Node, e.OutageMs)))
	}}
	s.target = target{clusters: map[string]string{"v": "c"}, spec: agentapi.ObserverSpec{
		Streams: []agentapi.StreamSpec{{Name: "v", Rate: 50}}, MACs: map[string]string{"a": "n-01", "b": "n-02"}}}
	s.line(agentapi.ObserverLine{Hello: &agentapi.ObserverHello{Mono: 500 * ms, Wall: 1500 * ms}})
	probe := func(due, done int64, fault string) {
		p := agentapi.Sample{Stream: "v", Due: due * ms, Done: done * ms, Status: 200, Error: fault, Node: "n-02"}
		s.line(agentapi.ObserverLine{Sample: &p})
	}
	for _, mac := range []string{"a", "b", "b", "x"} {
		s.line(agentapi.ObserverLine{Wire: &agentapi.WireEvent{Kind: "garp", VIP: "v", MAC: mac, At: 10 * ms}})
	}
	probe(0, 1, "")
	probe(20, 21, "refused") // known at once
	if want := "1020 outage began  0"; got[len(got)-1] != want {
		t.Errorf("%q, not %q", got[len(got)-1], want)
	}
	probe(80, 81, "")
	probe(100, 101, "")
	probe(40, 240, "timeout")
	probe(60, 260, "timeout")
	probe(140, 141, "") // 120 was never sent
	probe(340, 341, "")
	want := []string{"1010 arp  n-02 0", "1010 arp  x 0", "1020 outage began  0", "1080 outage ended n-02 60"}
	if !slices.Equal(got, want) {
		t.Errorf("\n%q, not\n%q", got, want)
	}
	if held := s.vips["v"].held; len(held) > 1 {
		t.Errorf("%d probes wait for one that never comes", len(held))
	}
}

// A crash is no reason for another observer, although the engine forgets the node's
// hardware address: it would begin amid the outage.
func TestACrashKeepsTheObserver(t *testing.T) {
	st := &lab.State{Clusters: []lab.Cluster{{Name: "c", VIP: lab.VIP{Address: "v", Holders: []string{"n-01"}}}},
		Containers: []engine.Container{
			{ID: "1", State: engine.StateRunning, Labels: map[string]string{engine.LabelService: "client"}},
			{ID: "2", State: engine.StateRunning, MAC: "A", Labels: map[string]string{engine.LabelService: "node", engine.LabelNode: "n-01"}}}}
	macs := map[string]string{}
	before := targetOf(st, 50, macs)
	st.Containers[1].MAC, st.Clusters[0].VIP.Holders = "", nil
	if after := targetOf(st, 50, macs); after.text != before.text || after.spec.MACs["a"] != "n-01" {
		t.Errorf("%s becomes %s", before.text, after.text)
	}
	st.Containers[0].State = engine.StateExited
	if gone := targetOf(st, 50, macs); gone.client != "" {
		t.Errorf("a client that is down probes %+v", gone)
	}
}

// Every event that a node may tell of has its place, and its JSON no more than what
// is set.
func TestEventsOfNodes(t *testing.T) {
	for name, want := range map[agentapi.EventName]string{
		agentapi.EventHAProxyGone: `{"id":0,"time":"0001-01-01T00:00:00Z","kind":"service","action":"gone","service":"haproxy"}`,
		agentapi.EventAppUp:       `{"id":0,"time":"0001-01-01T00:00:00Z","kind":"service","action":"up","service":"app"}`,
		agentapi.EventVIPAdded:    `{"id":0,"time":"0001-01-01T00:00:00Z","kind":"vip","action":"added"}`,
		agentapi.EventSlow:        `{"id":0,"time":"0001-01-01T00:00:00Z","kind":"node","action":"slow"}`,
		agentapi.EventFault:       "",
	} {
		got := ""
		if e, worth := fromNode(agentapi.Event{Name: name}); worth {
			doc, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			got = string(doc)
		}
		if got != want {
			t.Errorf("%s is %s, not %s", name, got, want)
		}
	}
}
