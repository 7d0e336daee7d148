package drill

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/fault"
	"halab/internal/lab"
	"halab/internal/outage"
	"halab/internal/topology"
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
	for _, phase := range phases(sc.Kind) {
		run.Phases = append(run.Phases, outage.Analyse(rec, phase))
	}
	if d.opts.Keep {
		run.Recorded = rec
	}
	return run, nil
}

func phases(kind outage.Kind) []outage.Phase {
	if kind == outage.KindSwitch || kind == outage.KindCalibrate {
		return []outage.Phase{outage.PhaseFault}
	}
	return []outage.Phase{outage.PhaseFault, outage.PhaseFailback}
}

// scene is what a run works with.
type scene struct {
	sc      Scenario
	session *session
	streams []agentapi.StreamSpec
	before  *lab.Status
	vip     lab.VIP
	holder  string
	rec     *outage.Recording
	broken  bool // something is to be mended before the run may end
}

// record carries out the steps of a scenario under observation.
func (d *Drill) record(ctx context.Context, sc Scenario, offset time.Duration, run *outage.Run) (*outage.Recording, error) {
	before, err := d.healthy(ctx)
	if err != nil {
		return nil, err
	}
	s, err := d.stage(ctx, sc, before)
	if err != nil {
		return nil, err
	}
	run.Target = s.holder
	defer func() {
		if s.broken {
			d.mendAll(ctx)
		}
	}()
	err = d.play(ctx, s, offset)
	s.session.close()
	if err != nil {
		return nil, err
	}
	return s.rec, d.collect(ctx, s, run.Started)
}

// mendTime bounds the mending after a drill was cut short.
const mendTime = 60 * time.Second

// mendAll mends what the drill broke, also when the drill was interrupted.
func (d *Drill) mendAll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mendTime)
	defer cancel()
	end := d.sink.Begin("drill", "restore", "mending what the drill broke")
	_, err := d.breaker.Restore(ctx, fault.Scope{})
	if err == nil {
		_, err = d.breaker.WaitHealthy(ctx, fault.Scope{}, mendTime)
	}
	end(err)
}

// stage starts the observer and notes who is who.
func (d *Drill) stage(ctx context.Context, sc Scenario, before *lab.Status) (*scene, error) {
	all, err := d.lab.Containers(ctx)
	if err != nil {
		return nil, err
	}
	client := slices.IndexFunc(all, func(c engine.Container) bool { return c.Labels[engine.LabelService] == topology.Client })
	at := slices.IndexFunc(before.Clusters, func(c lab.Cluster) bool { return c.Name == sc.Cluster })
	if client < 0 || at < 0 {
		return nil, fmt.Errorf("the lab has no client or no cluster %q\n  make it whole:  halab up", sc.Cluster)
	}
	vip := before.Clusters[at].VIP
	macs, err := d.lab.Hardware(ctx)
	if err != nil {
		return nil, err
	}
	clocks, err := d.lab.Clocks(ctx)
	if err != nil {
		return nil, err
	}
	spec := observerSpec(before, vip, macs)
	states, err := d.lab.NodeReports(ctx)
	if err != nil {
		return nil, err
	}
	session, err := observe(ctx, d.exec, all[client].ID, spec)
	if err != nil {
		return nil, err
	}
	return &scene{
		sc: sc, session: session, streams: spec.Streams, before: before, vip: vip, holder: vip.Holders[0],
		rec: &outage.Recording{
			Kind: sc.Kind, Cluster: sc.Cluster, Target: vip.Holders[0], Holder: vip.Holders[0],
			Streams: spec.Streams, Nodes: nodes(before, macs), VIPs: vips(before, d.forecast), States: states, Clocks: clocks,
		},
	}, nil
}

// collect adds what the observer and the nodes have to tell to the recording.
func (d *Drill) collect(ctx context.Context, s *scene, since time.Time) error {
	events, err := d.lab.NodeEvents(ctx, since)
	if err != nil {
		return fmt.Errorf("read what the nodes reported: %w", err)
	}
	s.session.mu.Lock()
	defer s.session.mu.Unlock()
	if err := s.session.err; err != nil && !errors.Is(err, errEnded) {
		return err
	}
	s.rec.Hello = *s.session.hello
	s.rec.Samples, s.rec.Wire, s.rec.Marks = s.session.samples, s.session.wire, s.session.marks
	s.rec.Lag, s.rec.Errors = s.session.lag, s.session.errs
	s.rec.Events = events
	for n, e := range events {
		events[n].Mono = e.Mono - s.rec.Clocks[e.Node].AheadNs
	}
	return nil
}

func nodes(s *lab.Status, macs map[string]string) []outage.NodeInfo {
	var list []outage.NodeInfo
	for _, c := range s.Clusters {
		for _, n := range c.Nodes {
			list = append(list, outage.NodeInfo{Name: n.Name, Cluster: c.Name, Address: n.Address, MAC: macs[n.Name]})
		}
	}
	return list
}

func vips(s *lab.Status, f *forecast) []outage.VIPInfo {
	var list []outage.VIPInfo
	for _, c := range s.Clusters {
		list = append(list, outage.VIPInfo{Cluster: c.Name, Address: c.VIP.Address, RouterID: f.router(c)})
	}
	return list
}
