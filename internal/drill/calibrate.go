package drill

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"halab/internal/agentapi"
	"halab/internal/outage"
)

// knownMs are the lengths of the outages that a calibration makes.
func knownMs() []float64 { return []float64{20, 50, 200} }

// Calibrate measures the measurement: the packet filter on the client makes
// outages of a known length, and each is read back from the probes. The
// prediction of each is the length itself, give or take the floor.
func (d *Drill) Calibrate(ctx context.Context, cluster string, each func(outage.ScenarioResult)) error {
	if err := d.prepare(ctx); err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(uint64(d.opts.Seed), 0))
	for _, ms := range knownMs() {
		sc := Scenario{
			Name: fmt.Sprintf("%s/calibrate-%gms", cluster, ms), Kind: outage.KindCalibrate, Cluster: cluster, KnownMs: ms,
			Description: fmt.Sprintf("The client's own packet filter drops what it sends for %g ms; the probes must read that back.", ms),
		}
		result, err := d.scenario(ctx, sc, random)
		each(result)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", sc.Name, err)
		}
	}
	return nil
}

// known makes an outage of known length and takes its true length from the
// marks.
func (d *Drill) known(ctx context.Context, s *scene) error {
	if err := s.session.observer.Send(agentapi.ObserverCommand{Command: "block", Ms: s.sc.KnownMs}); err != nil {
		return err
	}
	length := time.Duration(s.sc.KnownMs * float64(time.Millisecond))
	var begun, ended int64
	err := s.session.until(ctx, length+helloTime, func() bool {
		begun, ended = 0, 0
		for _, m := range s.session.marks {
			switch m.Name {
			case outage.MarkFault:
				begun = m.At
			case outage.MarkRestore:
				ended = m.At
			}
		}
		return begun > 0 && ended > 0 || len(s.session.errs) > 0
	})
	if err != nil {
		return err
	}
	if begun == 0 || ended == 0 {
		return fmt.Errorf("the observer could not make an outage: %s", s.session.errs[len(s.session.errs)-1])
	}
	s.rec.KnownMs = float64(ended-begun) / 1e6
	return d.settle(ctx, s, d.timing.settle)
}
