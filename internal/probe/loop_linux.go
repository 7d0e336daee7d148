package probe

import (
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"halab/internal/agentapi"
)

// prober sends the probes of all streams from one thread.
//
// At each turn it first reads what has arrived, then sends what is due, then
// gives up what is too late: an answer that was there in time is never called
// late because the thread was.
type prober struct {
	clock   clock
	streams []*stream
	slots   slots
	epoll   int
	timer   int   // timerfd of CLOCK_MONOTONIC, absolute: not subject to timer slack
	wake    int   // eventfd: stop
	armed   int64 // what the timer is set to; 0: it has gone off

	stopped atomic.Bool

	mu   sync.Mutex
	done []finished
	lags []agentapi.ProberLag
}

// finished is a sample with the local port of its connection, by which the wire
// knows who accepted it.
type finished struct {
	sample agentapi.Sample
	port   uint16
	held   bool
}

// Numbers that epoll events carry for what is no connection.
const (
	idTimer = -1
	idWake  = -2
)

func newProber(c clock, streams []*stream) (*prober, error) {
	reserve()
	p := &prober{clock: c, streams: streams, epoll: -1, timer: -1, wake: -1}
	for _, s := range streams {
		p.lags = append(p.lags, agentapi.ProberLag{Stream: s.spec.Name, SinceMono: c.now()})
	}
	var err error
	if p.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("make an epoll: %w", err)
	}
	if p.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		p.close()
		return nil, fmt.Errorf("make a timer: %w", err)
	}
	if p.wake, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		p.close()
		return nil, fmt.Errorf("make an eventfd: %w", err)
	}
	for fd, id := range map[int]int32{p.timer: idTimer, p.wake: idWake} {
		ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: id}
		if err := unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
			p.close()
			return nil, fmt.Errorf("watch the timer: %w", err)
		}
	}
	return p, nil
}

func (p *prober) close() {
	for _, fd := range []int{p.epoll, p.timer, p.wake} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// stop ends run; it may be called from any goroutine while run is under way.
func (p *prober) stop() {
	p.stopped.Store(true)
	one := [8]byte{1}
	_, _ = unix.Write(p.wake, one[:]) // a full counter wakes as well
}

// run probes until stop is called, and then waits for the probes under way,
// each at most for its timeout, so that every probe begun leaves its sample.
func (p *prober) run() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer p.abandon()
	p.schedule()
	events := make([]unix.EpollEvent, 256)
	for !p.stopped.Load() || p.busy() {
		if err := p.arm(); err != nil {
			return err
		}
		n, err := unix.EpollWait(p.epoll, events, -1)
		if err != nil && err != unix.EINTR {
			return fmt.Errorf("wait for the network: %w", err)
		}
		for i := range max(n, 0) {
			p.handle(events[i])
		}
		if !p.stopped.Load() {
			for _, s := range p.streams {
				p.send(s)
			}
		}
		p.expire()
		p.count()
	}
	return nil
}

// busy says whether a probe is under way.
func (p *prober) busy() bool {
	for _, s := range p.streams {
		if len(s.flights) > 0 {
			return true
		}
	}
	return false
}

// count passes each stream's lag and drops on to those who ask.
func (p *prober) count() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, s := range p.streams {
		p.lags[i].MaxNs = max(p.lags[i].MaxNs, s.maxLag)
		p.lags[i].Dropped += s.dropped
		s.maxLag, s.dropped = 0, 0
	}
}

// lag hands over how far each stream fell behind since the last call.
func (p *prober) lag() []agentapi.ProberLag {
	now := p.clock.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	out := append([]agentapi.ProberLag(nil), p.lags...)
	for i := range p.lags {
		p.lags[i].MaxNs, p.lags[i].Dropped, p.lags[i].SinceMono = 0, 0, now
	}
	return out
}

// schedule sets when each stream begins: soon, and each a little after the
// other so that they are not due in the same moment.
func (p *prober) schedule() {
	begin := p.clock.now() + int64(20*time.Millisecond)
	for i, s := range p.streams {
		shift := s.pace.interval() / time.Duration(len(p.streams)+1)
		s.start = begin + int64(min(shift, time.Millisecond))*int64(i)
	}
}

// arm sets the timer to whatever comes first: a probe due or one given up.
func (p *prober) arm() error {
	next := int64(math.MaxInt64)
	for _, s := range p.streams {
		if !p.stopped.Load() {
			next = min(next, s.dueAt(s.number))
		}
		if len(s.flights) > 0 {
			next = min(next, s.flights[0].due+s.timeout)
		}
	}
	if next = max(next, 1); next == p.armed {
		return nil
	}
	p.armed = next
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(next)}
	if err := unix.TimerfdSettime(p.timer, unix.TFD_TIMER_ABSTIME, &spec, nil); err != nil {
		return fmt.Errorf("set the timer: %w", err)
	}
	return nil
}

func (p *prober) handle(ev unix.EpollEvent) {
	switch ev.Fd {
	case idTimer:
		var expirations [8]byte
		_, _ = unix.Read(p.timer, expirations[:]) // how often is of no interest
		p.armed = 0
	case idWake:
	default:
		if c := p.slots.get(ev.Fd, ev.Pad); c != nil {
			p.progress(c, ev.Events)
		}
	}
}

// send begins every probe of a stream that is due.
func (p *prober) send(s *stream) {
	for {
		now := p.clock.now()
		wait, late := s.pace.nextAction(time.Duration(now-s.start), s.number)
		if wait > 0 {
			return
		}
		f := &flight{due: s.dueAt(s.number), sent: now}
		s.number++
		s.maxLag = max(s.maxLag, int64(late))
		if int64(late) > s.timeout || len(s.flights) >= s.spec.MaxInFlight {
			s.dropped++
			continue
		}
		s.flights = append(s.flights, f)
		if s.spec.Held {
			p.pump(s)
		} else {
			p.dial(s, f)
		}
	}
}

// expire gives up the probes whose time is over.
func (p *prober) expire() {
	for _, s := range p.streams {
		for len(s.flights) > 0 {
			f := s.flights[0]
			if f.due+s.timeout > p.clock.now() {
				break
			}
			c := f.conn
			p.finish(s, f, reply{}, s.late(c))
			if c != nil {
				p.drop(c)
			}
			if s.spec.Held {
				p.pump(s)
			}
		}
	}
}

// finish makes the sample of a probe.
func (p *prober) finish(s *stream, f *flight, r reply, failure string) {
	sample := agentapi.Sample{
		Stream: s.spec.Name, Due: f.due, Sent: f.sent, Done: p.clock.now(),
		Status: r.status, Error: failure, Dialled: f.dialled && s.spec.Held,
	}
	fin := finished{held: s.spec.Held}
	if f.conn != nil {
		fin.port = f.conn.port
		f.conn.flight = nil
	}
	if sample.Error == "" {
		s.read(r, &sample)
	}
	fin.sample = sample
	s.forget(f)
	p.mu.Lock()
	p.done = append(p.done, fin)
	p.mu.Unlock()
}

// take hands over the samples made since the last call.
func (p *prober) take() []finished {
	p.mu.Lock()
	defer p.mu.Unlock()
	done := p.done
	p.done = make([]finished, 0, max(64, len(done)))
	return done
}

func (p *prober) abandon() {
	for _, c := range p.slots.conns {
		if c != nil {
			p.drop(c)
		}
	}
}
