package live

import (
	"context"
	"errors"
	"sync"
	"time"

	"halab/internal/event"
	"halab/internal/lab"
)

// Options says what a feed does for its readers.
type Options struct {
	// Rate is how many probes a second go to each VIP from the lab's client; 0: none,
	// and no gratuitous ARP is heard either.
	Rate float64
	// Probed, unless nil, is told each probe as soon as it has ended; it must not block.
	Probed func(Probe)
	// Patience is how long an engine that does not answer is waited for; 0: for ever.
	Patience time.Duration
}

// Probe is one request to a VIP.
type Probe struct {
	VIP   string
	Due   time.Time     // when it should have been sent
	Took  time.Duration // from then to its answer, or until it was given up
	Node  string        // that answered
	Error string        // empty: it was answered
}

// Feed gives what happens in a lab to its readers. With nobody subscribed it does
// nothing.
type Feed struct {
	lab     *lab.Lab
	engine  lab.Executor
	options Options

	mu      sync.Mutex
	readers map[*Reader]struct{}
	last    uint64     // of the newest event
	state   *lab.State // as of last; nil: not seen in this run
	run     *run       // nil while nobody reads
}

// New returns the feed of a lab, which need not be there.
func New(l *lab.Lab, e lab.Executor, o Options) *Feed {
	return &Feed{lab: l, engine: e, options: o, readers: map[*Reader]struct{}{}}
}

// ErrSlow is what a reader gets that was dropped because it fell behind. It may
// subscribe again, and begins with the lab as it is then.
var ErrSlow = errors.New("the reader was too slow for what happens, and missed some of it")

// errClosed is what a reader gets that was closed.
var errClosed = errors.New("the reader is closed")

// Reader takes the events of a feed.
type Reader struct {
	feed   *Feed
	events chan Event
	why    error // set before events is closed
}

// Subscribe joins. The first event is the lab as it is (State), as soon as that is
// known; each later one has a higher ID. buffer is how many events the reader may
// fall behind before it is dropped. The caller closes it.
func (f *Feed) Subscribe(buffer int) *Reader {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := &Reader{feed: f, events: make(chan Event, max(buffer, 1))}
	f.readers[r] = struct{}{}
	if f.state != nil {
		r.events <- Event{ID: f.last, Time: time.Now(), Kind: State, State: f.state}
	}
	if f.run == nil {
		f.run = begin(f)
	}
	return r
}

// Next waits for the next event. Its error is ErrSlow where events were missed, why
// the feed has ended, or that of ctx.
func (r *Reader) Next(ctx context.Context) (Event, error) {
	select {
	case e, open := <-r.events:
		if !open {
			return Event{}, r.why
		}
		return e, nil
	case <-ctx.Done():
		return Event{}, context.Cause(ctx)
	}
}

// Close leaves. The last one to leave ends the feed's work, and waits for that.
func (r *Reader) Close() {
	f := r.feed
	f.mu.Lock()
	run := f.run
	f.drop(r, errClosed)
	last := run != nil && f.run == nil
	f.mu.Unlock()
	if last {
		<-run.ended
	}
}

// drop takes a reader out; the last one ends the run. The lock is held.
func (f *Feed) drop(r *Reader, why error) {
	if _, in := f.readers[r]; !in {
		return
	}
	delete(f.readers, r)
	r.why = why
	close(r.events)
	if len(f.readers) == 0 && f.run != nil {
		f.run.cancel()
		f.run, f.state = nil, nil
	}
}

// publish gives an event to all who read. What happened before the lab was first
// seen is in its first state already.
func (f *Feed) publish(by *run, e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.run != by || f.state == nil && e.State == nil && e.Kind != Lab {
		return
	}
	f.last++
	e.ID = f.last
	if e.State != nil {
		f.state = e.State
	}
	for r := range f.readers {
		select {
		case r.events <- e:
		default:
			f.drop(r, ErrSlow)
		}
	}
}

// finish tells all readers why the feed has ended.
func (f *Feed) finish(by *run, why error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.run != by {
		return
	}
	for r := range f.readers {
		f.drop(r, why)
	}
}

// Tell takes in how halab's own work goes. It is an event.Sink.
func (f *Feed) Tell(e event.Event) {
	f.mu.Lock()
	run := f.run
	f.mu.Unlock()
	if run != nil {
		run.emit(Event{Time: e.Time, Kind: Progress, Action: string(e.Status), Node: e.Subject, Detail: e.Text, Story: &e})
	}
}
