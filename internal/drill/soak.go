package drill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"halab/internal/lab"
	"halab/internal/outage"
)

// Soak breaks nothing and watches for a time, while load, if any, keeps the
// machine busy: a lab that fails over when nothing failed is worse than a slow
// one. The load's context ends with the soak.
func (d *Drill) Soak(ctx context.Context, cluster string, length time.Duration, load func(context.Context) error) (outage.ScenarioResult, error) {
	sc := Scenario{
		Name: cluster + "/soak", Kind: outage.KindSoak, Cluster: cluster,
		Description: fmt.Sprintf("Nothing is broken for %s; the VIPs must stay where they are.", length),
	}
	result := outage.ScenarioResult{Name: sc.Name, Kind: sc.Kind, Cluster: cluster, Description: sc.Description}
	end := d.sink.Begin(sc.Name, "drill", sc.Description)
	run, err := d.soak(ctx, sc, length, load)
	end(err)
	result.Runs = append(result.Runs, run)
	return d.judge(sc, result, err)
}

func (d *Drill) soak(ctx context.Context, sc Scenario, length time.Duration, load func(context.Context) error) (outage.Run, error) {
	run := outage.Run{Scenario: sc.Name, Number: 1, Seed: d.opts.Seed, Started: time.Now()}
	if err := d.prepare(ctx); err != nil {
		return run, err
	}
	before, err := d.healthy(ctx)
	if err != nil {
		return run, err
	}
	s, err := d.stage(ctx, sc, before)
	if err != nil {
		return run, err
	}
	run.VIP = s.vip.Address
	err = d.endure(ctx, s, length, load)
	s.session.close()
	if err == nil {
		err = d.collect(ctx, s, run.Started)
	}
	if err != nil {
		run.Error = err.Error()
		return run, err
	}
	run.Phases = []outage.Analysis{outage.Analyse(s.rec, outage.PhaseSoak)}
	if d.opts.Keep {
		run.Recorded = s.rec
	}
	return run, nil
}

// endure lets the load run for the length of the soak, between the marks.
func (d *Drill) endure(ctx context.Context, s *scene, length time.Duration, load func(context.Context) error) error {
	if err := s.session.steady(ctx, s.streams, d.timing.calm, d.timing.recovery); err != nil {
		return fmt.Errorf("the clients were not served steadily before the soak: %w", err)
	}
	if err := s.session.mark(ctx, outage.MarkFault); err != nil {
		return err
	}
	busy, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		if load == nil {
			<-busy.Done()
			ended <- nil
			return
		}
		ended <- load(busy)
	}()
	err := lab.Pause(ctx, length)
	stop()
	if loadErr := <-ended; loadErr != nil && !errors.Is(loadErr, context.Canceled) {
		err = errors.Join(err, fmt.Errorf("the load: %w", loadErr))
	}
	if err != nil {
		return err
	}
	return s.session.tried(ctx, outage.MarkEnd)
}
