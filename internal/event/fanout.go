package event

import "sync"

// Fanout gives one stream of events to many readers. A reader that joins late
// first gets a snapshot (the last event of each subject and phase, in the order
// in which they began), then every event. A reader whose buffer is full is
// dropped: its channel is closed, and it may subscribe again for a new
// snapshot. The zero value is ready to use.
type Fanout struct {
	mu      sync.Mutex
	order   []key
	last    map[key]Event
	readers map[chan Event]struct{}
	closed  bool
}

type key struct{ subject, phase string }

// snapshotLimit bounds what a long-lived hub remembers.
const snapshotLimit = 1024

// Send passes an event on; it never blocks. It is a Sink.
func (f *Fanout) Send(e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	f.remember(e)
	for ch := range f.readers {
		select {
		case ch <- e:
		default:
			delete(f.readers, ch)
			close(ch)
		}
	}
}

func (f *Fanout) remember(e Event) {
	k := key{e.Subject, e.Phase}
	if f.last == nil {
		f.last = make(map[key]Event)
	}
	if _, known := f.last[k]; !known {
		if len(f.order) == snapshotLimit {
			delete(f.last, f.order[0])
			f.order = f.order[1:]
		}
		f.order = append(f.order, k)
	}
	f.last[k] = e
}

// Subscribe joins. The snapshot is taken and the channel opened in one step, so
// that no event is missed or seen twice. buffer is how many events the reader
// may fall behind before it is dropped (at least 1). The function leaves; it
// may be called more than once.
func (f *Fanout) Subscribe(buffer int) (snapshot []Event, events <-chan Event, leave func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range f.order {
		snapshot = append(snapshot, f.last[k])
	}
	ch := make(chan Event, max(buffer, 1))
	if f.closed {
		close(ch)
		return snapshot, ch, func() {}
	}
	if f.readers == nil {
		f.readers = make(map[chan Event]struct{})
	}
	f.readers[ch] = struct{}{}
	return snapshot, ch, func() { f.drop(ch) }
}

func (f *Fanout) drop(ch chan Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, in := f.readers[ch]; in {
		delete(f.readers, ch)
		close(ch)
	}
}

// Close ends all readers after what is in their buffers; later events are
// discarded.
func (f *Fanout) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for ch := range f.readers {
		delete(f.readers, ch)
		close(ch)
	}
}
