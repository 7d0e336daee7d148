package probe

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"halab/internal/agentapi"
)

// Times of the observer's output.
const (
	// flushEvery is how often samples and wire events are written. One write
	// for many lines: each wakes the engine's copying threads.
	flushEvery = 25 * time.Millisecond
	// lagEvery is how often the prober's own lag is written.
	lagEvery = 500 * time.Millisecond
)

// processors is the number of threads that may run Go code at once. It is above
// the number of processors so that the prober's thread, which is its own, never
// waits for a place.
const processors = 8

// gcPercent lets garbage grow to a multiple of the small live heap: a
// collection every few seconds instead of several a second.
const gcPercent = 800

// observer is one run of Observe.
type observer struct {
	clock  clock
	spec   agentapi.ObserverSpec
	prober *prober
	holder *holder
	wire   *wire // nil: could not be opened
	in     io.Reader
	out    io.Writer

	flushing sync.Mutex // one writer at a time, lines whole
	buffer   []byte
	writeErr error
}

// Observe probes and listens until a "stop" command, the end of in, or the end
// of ctx, and writes what it sees to out as lines of agentapi.ObserverLine.
// Samples come in the order of completion, each line kind by itself in order of
// time. It tunes the Go runtime for the time that it runs, so it should be the
// only thing that its process does. Without CAP_NET_RAW it says so in an error
// line and probes without the wire.
func Observe(ctx context.Context, spec agentapi.ObserverSpec, in io.Reader, out io.Writer) error {
	defer tune()()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	o := &observer{clock: newClock(), spec: spec, in: in, out: out}
	streams, err := o.streams(ctx)
	if err != nil {
		return err
	}
	if o.holder, err = hold(ctx, o.clock, spec.Held); err != nil {
		return err
	}
	ifi, err := net.InterfaceByName(spec.Interface)
	if err != nil {
		return fmt.Errorf("the observer listens on %q: %w", spec.Interface, err)
	}
	if o.prober, err = newProber(o.clock, streams); err != nil {
		return err
	}
	defer o.prober.close()
	o.line(agentapi.ObserverLine{Kind: "hello", Hello: &agentapi.ObserverHello{
		Mono: o.clock.now(), Wall: time.Now().UnixNano(), MAC: ifi.HardwareAddr.String(),
	}})
	o.openWire(ifi, streams)
	go o.holder.open()
	go o.commands(ctx, cancel)
	return o.work(ctx, cancel)
}

// tune sets the runtime up for even timing, and gives what undoes it.
func tune() func() {
	procs := runtime.GOMAXPROCS(max(processors, runtime.NumCPU()))
	percent := debug.SetGCPercent(gcPercent)
	return func() {
		runtime.GOMAXPROCS(procs)
		debug.SetGCPercent(percent)
	}
}

func (o *observer) streams(ctx context.Context) ([]*stream, error) {
	var streams []*stream
	var errs []error
	for _, spec := range o.spec.Streams {
		s, err := newStream(ctx, spec)
		streams, errs = append(streams, s), append(errs, err)
	}
	return streams, errors.Join(errs...)
}

func (o *observer) openWire(ifi *net.Interface, streams []*stream) {
	vips := make([]string, len(o.spec.VIPs))
	for i, vip := range o.spec.VIPs {
		vips[i], _, _ = strings.Cut(vip, "/")
	}
	var targets []netip.Addr
	for _, s := range streams {
		targets = append(targets, s.target.addr.Addr())
	}
	w, err := listen(o.clock, ifi, vips, targets)
	if err != nil {
		o.complain(err)
		return
	}
	o.wire = w
}

// work runs the prober, the wire and the writing, until ctx ends.
func (o *observer) work(ctx context.Context, cancel context.CancelFunc) error {
	var probeErr error
	probing := make(chan struct{})
	go func() {
		defer close(probing)
		defer cancel()
		probeErr = o.prober.run()
	}()
	o.write(ctx)
	o.prober.stop()
	<-probing
	o.holder.close()
	_ = o.flush() // kept in writeErr
	o.lag()
	if o.wire != nil {
		o.wire.close()
	}
	o.line(agentapi.ObserverLine{Kind: "bye"})
	return errors.Join(probeErr, o.writeErr)
}

// write flushes at a fixed rate until ctx ends or nobody reads any more.
func (o *observer) write(ctx context.Context) {
	flush, lag := time.NewTicker(flushEvery), time.NewTicker(lagEvery)
	defer flush.Stop()
	defer lag.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-flush.C:
			if o.flush() != nil {
				return
			}
		case <-lag.C:
			o.lag()
		}
	}
}

// flush writes the samples and wire events that have gathered. The wire is read
// after the samples are taken: whoever accepted their connections is known then.
func (o *observer) flush() error {
	o.flushing.Lock()
	defer o.flushing.Unlock()
	done := o.prober.take()
	if o.wire != nil {
		if err := o.wire.drain(); err != nil {
			o.buffer = appendLine(o.buffer, agentapi.ObserverLine{Kind: "error", Error: err.Error()})
			o.wire.close()
			o.wire = nil
		}
	}
	for _, f := range done {
		o.attribute(&f)
		o.buffer = appendSample(o.buffer, &f.sample)
	}
	for _, e := range o.holder.happened() {
		o.buffer = appendLine(o.buffer, agentapi.ObserverLine{Kind: "held", Held: &e})
	}
	if o.wire != nil {
		for _, e := range o.wire.passed() {
			o.buffer = appendWire(o.buffer, &e)
		}
	}
	return o.push()
}

// attribute names the node that took a sample's connection.
func (o *observer) attribute(f *finished) {
	if o.wire == nil || f.port == 0 {
		return
	}
	mac := o.wire.acceptor(f.port, !f.held)
	if f.sample.Node == "" {
		f.sample.Node = o.spec.MACs[mac]
	}
}

// lag writes how far the prober fell behind, and whether the wire lost frames.
func (o *observer) lag() {
	for _, l := range o.prober.lag() {
		o.line(agentapi.ObserverLine{Kind: "lag", Lag: &l})
	}
	if o.wire != nil {
		if n := o.wire.lost(); n > 0 {
			o.complain(fmt.Errorf("%d frames on %s were lost: the observer could not read them in time", n, o.spec.Interface))
		}
	}
}

func (o *observer) complain(err error) {
	o.line(agentapi.ObserverLine{Kind: "error", Error: err.Error()})
}

func (o *observer) line(line agentapi.ObserverLine) {
	o.flushing.Lock()
	defer o.flushing.Unlock()
	o.buffer = appendLine(o.buffer, line)
	_ = o.push() // kept in writeErr
}

// push writes the buffer out; flushing is held.
func (o *observer) push() error {
	if len(o.buffer) == 0 || o.writeErr != nil {
		return o.writeErr
	}
	_, err := o.out.Write(o.buffer)
	o.buffer = o.buffer[:0]
	if err != nil {
		o.writeErr = fmt.Errorf("write what was observed: %w", err)
	}
	return o.writeErr
}

// commands carries out what halab says, until it says stop or is gone.
func (o *observer) commands(ctx context.Context, cancel context.CancelFunc) {
	defer cancel()
	lines := bufio.NewScanner(o.in)
	for lines.Scan() {
		var c agentapi.ObserverCommand
		now := o.clock.now()
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			o.complain(fmt.Errorf("a command is no JSON: %w", err))
			continue
		}
		switch c.Command {
		case "mark":
			if c.Try {
				o.holder.try()
				now = o.clock.now()
			}
			o.line(agentapi.ObserverLine{Kind: "mark", Mark: &agentapi.ObserverMark{Name: c.Mark, At: now}})
		case "stats":
			go func() {
				o.line(agentapi.ObserverLine{Kind: "stats", Stats: readTotals(ctx, o.spec.Stats)})
			}()
		case "block":
			go o.block(ctx, c.Ms)
		case "stop":
			return
		default:
			o.complain(fmt.Errorf("there is no command %q: mark, stats, block or stop", c.Command))
		}
	}
}
