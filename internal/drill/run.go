package drill

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"halab/internal/agentapi"
	"halab/internal/fault"
	"halab/internal/lab"
	"halab/internal/outage"
	"halab/internal/problem"
)

// run is one repetition: steady state, fault, failback, what was seen.
func (d *Drill) run(ctx context.Context, sc Scenario, number int, random *rand.Rand) (outage.Run, error) {
	seed := random.Int64()
	own := rand.New(rand.NewPCG(uint64(seed), 0))
	offset := time.Duration(own.Int64N(int64(d.timing.spread)))
	run := outage.Run{
		Scenario: sc.Name, Number: number, Seed: seed, Started: time.Now(),
		OffsetMs: float64(offset.Microseconds()) / 1000,
	}
	rec, err := d.record(ctx, sc, offset, &run)
	if err != nil {
		run.Error = err.Error()
		return run, err
	}
	for _, phase := range sc.phases() {
		run.Phases = append(run.Phases, outage.Analyse(rec, phase))
	}
	if d.opts.Keep {
		run.Recorded = rec
	}
	return run, nil
}

// phases are what a run is measured in: there is a failback where something is
// mended.
func (s Scenario) phases() []outage.Phase {
	for _, step := range s.Steps {
		if step.Rest > 0 {
			return []outage.Phase{outage.PhaseSoak}
		}
		if step.Restore != nil {
			return []outage.Phase{outage.PhaseFault, outage.PhaseFailback}
		}
	}
	return []outage.Phase{outage.PhaseFault}
}

// scene is what a run works with.
type scene struct {
	sc      Scenario
	session *session
	streams []agentapi.StreamSpec
	before  *lab.State
	vip     lab.VIP
	rec     *outage.Recording
	struck  bool // the first fault was done
	broken  bool // something is to be mended before the run may end
}

// record carries out the steps of a scenario under observation.
func (d *Drill) record(ctx context.Context, sc Scenario, offset time.Duration, run *outage.Run) (*outage.Recording, error) {
	before, err := d.healthy(ctx)
	if err != nil {
		return nil, err
	}
	if err := sc.check(before); err != nil {
		return nil, err
	}
	s, err := d.stage(ctx, sc, before)
	if err != nil {
		return nil, err
	}
	defer func() {
		if s.broken {
			d.mendAll(ctx)
		}
	}()
	err = d.play(ctx, s, offset)
	s.session.close()
	run.Target, run.Holder, run.VIP = s.rec.Target, s.rec.Holder, s.vip.Address
	if err != nil {
		return nil, err
	}
	return s.rec, d.collect(ctx, s, run.Started)
}

const (
	// mendTime is how long the lab may take to be well after a drill was cut short.
	mendTime = 60 * time.Second
	// mendBound bounds the mending as a whole: a machine without power has to
	// boot before that time begins.
	mendBound = 10 * time.Minute
)

// mendAll mends what the drill broke, also when the drill was interrupted.
func (d *Drill) mendAll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mendBound)
	defer cancel()
	end := d.sink.Begin("drill", "restore", "mending what the drill broke")
	status, err := d.lab.Look(ctx)
	if err == nil {
		err = d.mend(ctx, status, fault.Scope{}, mendTime, nil)
	}
	end(err)
}

// mend restores as "halab restore" does, and for the same reasons: an engine may
// call a killed keepalived running for a second, and a client may have the wrong
// one of two nodes in its ARP table. A host that does not answer is passed over
// there; where everything was to be mended, no drill may call that done.
func (d *Drill) mend(ctx context.Context, status *lab.State, scope fault.Scope, patience time.Duration, returned func() error) error {
	_, err := d.breaker.RestoreHealthy(ctx, status, scope, patience, returned)
	if err != nil || len(scope.Nodes) > 0 {
		return err
	}
	return d.lab.Silence("the drill could not mend what is there")
}

// stage starts the observer and notes who is who.
func (d *Drill) stage(ctx context.Context, sc Scenario, before *lab.State) (*scene, error) {
	client, found := before.Client()
	at := slices.IndexFunc(before.Clusters, func(c lab.Cluster) bool { return c.Name == sc.Cluster })
	if !found || at < 0 {
		return nil, problem.New("the lab has no client or no cluster %q", sc.Cluster).Cure("make it whole", "halab up")
	}
	vip := before.Clusters[at].VIP
	macs := before.Hardware()
	clocks, err := d.lab.Clocks(ctx, before)
	if err != nil {
		return nil, err
	}
	if before.Clusters[at].EdgeURL() == "" {
		return nil, problem.New("nothing listens on %s by IPv4, so no client can be lost there", vip.Name)
	}
	spec := observerSpec(before, before.Clusters[at], macs)
	spec.Held = d.forecast.held(before)
	session, err := observe(ctx, d.exec, client.ID, spec)
	if err != nil {
		return nil, err
	}
	return &scene{
		sc: sc, session: session, streams: spec.Streams, before: before, vip: vip,
		rec: &outage.Recording{
			Kind: sc.Kind, Effect: sc.Effect, Cluster: sc.Cluster, Target: vip.Holders[0], Holder: vip.Holders[0],
			Streams: spec.Streams, Held: spec.Held, Nodes: nodes(before, macs), VIPs: vips(before, d.forecast), States: before.Told, Clocks: clocks,
			Shows: sc.Shows,
		},
	}, nil
}

// collect adds what the observer and the nodes have to tell to the recording.
func (d *Drill) collect(ctx context.Context, s *scene, since time.Time) error {
	now, err := d.lab.Look(ctx)
	if err != nil {
		return err
	}
	events, err := d.lab.NodeEvents(ctx, now, since)
	if err != nil {
		return fmt.Errorf("read what the nodes reported: %w", err)
	}
	clocks, err := d.lab.Clocks(ctx, now)
	if err != nil {
		return err
	}
	s.session.mu.Lock()
	defer s.session.mu.Unlock()
	if err := s.session.err; err != nil && !errors.Is(err, lab.ErrObserverEnded) {
		return err
	}
	s.rec.Hello = *s.session.hello
	s.rec.Samples, s.rec.Wire, s.rec.Marks = s.session.samples, s.session.wire, s.session.marks
	s.rec.HeldEvents, s.rec.Lag, s.rec.Errors = s.session.held, s.session.lag, s.session.errs
	for n, e := range events {
		due := s.rec.Hello.Mono + e.Time.UnixNano() - s.rec.Hello.Wall
		events[n].Mono = onOneClock(e.Mono, due, s.rec.Clocks[e.Node], clocks[e.Node])
	}
	s.rec.Events = events
	return nil
}

// onOneClock sets a moment of a node's clock on the observer's. A machine whose
// power was cut counts from its boot anew, and
// none of the two readings is right for all that it told: that one counts by
// which the event was about when its time of day says.
func onOneClock(mono, due int64, before, after agentapi.ClockOffset) int64 {
	a, b := mono-before.AheadNs, mono-after.AheadNs
	if max(b-due, due-b) < max(a-due, due-a) && max(a-b, b-a) > restarted {
		return b
	}
	return a
}

// restarted is by how much two readings of one clock differ only if its machine
// booted between them: no clock drifts so far within a run.
const restarted = int64(time.Second)

func nodes(s *lab.State, macs map[string]string) []outage.NodeInfo {
	var list []outage.NodeInfo
	for _, c := range s.Clusters {
		for _, n := range c.Nodes {
			list = append(list, outage.NodeInfo{Name: n.Name, Cluster: c.Name, Address: n.Address, MAC: macs[n.Name]})
		}
	}
	return list
}

func vips(s *lab.State, f *forecast) []outage.VIPInfo {
	var list []outage.VIPInfo
	for _, c := range s.Clusters {
		list = append(list, outage.VIPInfo{Cluster: c.Name, Address: c.VIP.Address, RouterID: f.router(c)})
	}
	return list
}
