package drill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"halab/internal/lab"
	"halab/internal/outage"
)

// play waits for the steady state, lets the random moment pass, carries out the
// steps, and waits until all is well again.
func (d *Drill) play(ctx context.Context, s *scene, offset time.Duration) error {
	if err := s.session.steady(ctx, s.streams, d.timing.calm, d.timing.recovery); err != nil {
		return fmt.Errorf("the clients were not served steadily before the fault: %w", err)
	}
	var err error
	if s.rec.Before, err = s.session.totals(ctx); err != nil {
		return err
	}
	if err := lab.Pause(ctx, offset); err != nil {
		return err
	}
	if err := d.act(ctx, s); err != nil {
		return err
	}
	if err := d.settle(ctx, s, max(d.timing.settle, d.timing.rest)); err != nil {
		return err
	}
	if s.rec.After, err = s.session.totals(ctx); err != nil {
		return err
	}
	return s.session.tried(ctx, outage.MarkEnd)
}

// act does what the scenario is about.
func (d *Drill) act(ctx context.Context, s *scene) error {
	if s.sc.KnownMs > 0 {
		return d.known(ctx, s)
	}
	for _, step := range s.sc.Steps {
		if err := d.step(ctx, s, step); err != nil {
			return located(step, err)
		}
	}
	return nil
}

// located says on which line of a scenario file a step stands.
func located(step Step, err error) error {
	if step.Line == 0 {
		return err
	}
	return fmt.Errorf("line %d: %w", step.Line, err)
}

func (d *Drill) step(ctx context.Context, s *scene, step Step) error {
	switch {
	case step.Fail != nil:
		return d.fail(ctx, s, *step.Fail)
	case step.Switch:
		return d.hand(ctx, s)
	case step.Rolling:
		return d.roll(ctx, s)
	case step.Rest > 0:
		return errors.Join(s.session.mark(ctx, outage.MarkFault), lab.Pause(ctx, step.Rest))
	case step.Restore != nil:
		return d.restore(ctx, s, *step.Restore)
	case step.Expect != nil:
		return d.expect(ctx, s, *step.Expect)
	}
	return lab.Pause(ctx, step.Wait)
}

// fail breaks something between two marks and watches what the clients meet.
func (d *Drill) fail(ctx context.Context, s *scene, f Fail) error {
	status, err := d.lab.Look(ctx)
	if err != nil {
		return err
	}
	nodes, err := status.Resolve(cmp.Or(f.Target, s.vip.Name))
	if err != nil {
		return err
	}
	peers, err := f.Order.Peers(status)
	if err != nil {
		return err
	}
	s.aim(nodes)
	s.broken = true
	return d.strike(ctx, s, func(ctx context.Context) error {
		_, err := d.breaker.Inject(ctx, status, nodes, peers, f.Order)
		return err
	})
}

// hand moves the VIP on purpose; what stuck in the middle is to be mended.
func (d *Drill) hand(ctx context.Context, s *scene) error {
	status, err := d.lab.Look(ctx)
	if err != nil {
		return err
	}
	s.broken = true
	err = d.strike(ctx, s, func(ctx context.Context) error {
		_, err := d.breaker.Switch(ctx, status, s.sc.Cluster, "")
		return err
	})
	s.broken = err != nil
	return err
}

// aim notes which node the run is about: the first one that is hit, and among
// several that are hit at once the holder. A file's "fail: frontend-02 app" is
// told by frontend-02, and the analysis would wait for the holder's word.
func (s *scene) aim(nodes []string) {
	if s.struck || len(nodes) == 0 {
		return
	}
	s.struck = true
	if !slices.Contains(nodes, s.rec.Holder) {
		s.rec.Target = nodes[0]
	}
}

// strikeTime bounds a fault's calls; Vagrant may take half of it to cut a power.
const strikeTime = time.Minute

// strike does what a run is about between two marks, to its end even when the drill
// is interrupted: an engine goes on with a call that its client gave up, and would
// break something after the mending. The steps of a file have their own waits.
func (d *Drill) strike(ctx context.Context, s *scene, do func(context.Context) error) error {
	if err := s.session.mark(ctx, outage.MarkFault); err != nil {
		return err
	}
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), strikeTime)
	defer cancel()
	if err := do(whole); err != nil {
		return err
	}
	if err := s.session.mark(ctx, outage.MarkFaultReturned); err != nil {
		return err
	}
	if s.sc.Custom {
		return nil
	}
	return d.settle(ctx, s, d.timing.settle)
}

// settle watches for a while, until the clients are served steadily again or
// the bound is reached: a fault that nobody notices never ends, and that is a
// finding.
func (d *Drill) settle(ctx context.Context, s *scene, least time.Duration) error {
	if err := lab.Pause(ctx, least); err != nil {
		return err
	}
	err := s.session.steady(ctx, s.streams, d.timing.calm, d.timing.recovery)
	if errors.Is(err, errSlow) {
		return nil
	}
	return err
}

// restore mends between two marks, waits until the lab is healthy, and reads
// the counters in between.
func (d *Drill) restore(ctx context.Context, s *scene, r Restore) error {
	var err error
	if s.rec.Between, err = s.session.totals(ctx); err != nil {
		return err
	}
	status, err := d.lab.Look(ctx)
	if err != nil {
		return err
	}
	scope := r.Scope
	if r.Target != "" {
		if scope, err = scope.At(status, r.Target); err != nil {
			return err
		}
	}
	if err := s.session.tried(ctx, outage.MarkRestore); err != nil {
		return err
	}
	returned := func() error { return s.session.mark(ctx, outage.MarkRestoreReturned) }
	if err := d.mend(ctx, status, scope, d.timing.healthy, returned); err != nil {
		return err
	}
	s.broken = r.Target != ""
	return nil
}

func (d *Drill) expect(ctx context.Context, s *scene, e Expect) error {
	found := "nothing could be read"
	_, err := d.lab.Until(ctx, e.Within, func(status *lab.State) (ok bool, err error) {
		found, ok = e.met(status, s.before)
		return ok, nil
	})
	if errors.Is(err, lab.ErrPatience) {
		return fmt.Errorf("expected within %s: %s; found: %s", e.Within, e, found)
	}
	return err
}

// met says whether the expectation holds, and what was found.
func (e Expect) met(status, before *lab.State) (found string, ok bool) {
	if e.Ready {
		return "the lab is not healthy", status.Ready
	}
	holders := status.Holders()[e.VIP]
	found = fmt.Sprintf("%s held by %v", e.VIP, holders)
	if e.Count != nil {
		return found, len(holders) == *e.Count
	}
	if slices.Equal(e.Holders, []string{other}) {
		return found, len(holders) == 1 && !slices.Contains(before.Holders()[e.VIP], holders[0])
	}
	return found, slices.Equal(slices.Sorted(slices.Values(holders)), slices.Sorted(slices.Values(e.Holders)))
}

// String says what is expected, in words.
func (e Expect) String() string {
	switch {
	case e.Ready:
		return "a healthy lab"
	case e.Count != nil:
		return fmt.Sprintf("%d holders of %s", *e.Count, e.VIP)
	}
	return fmt.Sprintf("%s held by %v", e.VIP, e.Holders)
}
