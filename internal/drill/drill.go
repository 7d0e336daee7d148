package drill

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"halab/internal/agentapi"
	"halab/internal/event"
	"halab/internal/fault"
	"halab/internal/lab"
	"halab/internal/outage"
	"halab/internal/topology"
)

// The lab as a drill needs it.
type (
	observed interface {
		Look(ctx context.Context) (*lab.State, error)
		lab.Waiter
		NodeEvents(ctx context.Context, s *lab.State, since time.Time) ([]agentapi.Event, error)
		Clocks(ctx context.Context, s *lab.State) (map[string]agentapi.ClockOffset, error)
		Silence(what string) error
	}
	breaker interface {
		Inject(ctx context.Context, s *lab.State, nodes, peers []string, o fault.Order) ([]fault.Done, error)
		RestoreHealthy(ctx context.Context, s *lab.State, scope fault.Scope, patience time.Duration, returned func() error) ([]fault.Mended, error)
		WaitHealthy(ctx context.Context, scope fault.Scope, patience time.Duration) (*lab.State, error)
		Switch(ctx context.Context, s *lab.State, cluster, node string) (fault.Switched, error)
	}
)

// Options say how a drill is done.
type Options struct {
	Repeat int
	Seed   int64
	// Attempts is how many runs are tried for one that must be a measurement;
	// below 1: DefaultAttempts.
	Attempts int
	// Keep puts every sample into the result.
	Keep bool
}

// Drill runs scenarios on a lab.
type Drill struct {
	lab     observed
	breaker breaker
	exec    lab.Executor
	sink    event.Sink
	opts    Options
	timing  timing
	// forecast is read once a drill: the files don't change while it runs.
	forecast *forecast
}

// New prepares drills on a lab.
func New(l observed, b breaker, e lab.Executor, sink event.Sink, o Options) *Drill {
	if o.Attempts < 1 {
		o.Attempts = DefaultAttempts
	}
	return &Drill{lab: l, breaker: b, exec: e, sink: sink, opts: o}
}

// timing is how long a run waits for what; it follows from the profile.
type timing struct {
	calm     time.Duration // unbroken row of good probes that counts as steady
	spread   time.Duration // the fault's moment is random over this
	settle   time.Duration // at least this long is watched after a fault
	rest     time.Duration // at least this long is watched after the mending, where a VIP may move back late
	recovery time.Duration // at most this long a phase waits for the clients to be served again
	healthy  time.Duration // at most this long the lab may take to mend
}

func timings(p topology.Profile) timing {
	if p == topology.ProfileClassic {
		return timing{
			calm: time.Second, spread: 2 * time.Second, settle: 6 * time.Second,
			recovery: 12 * time.Second, healthy: 40 * time.Second,
		}
	}
	return timing{
		calm: 300 * time.Millisecond, spread: 200 * time.Millisecond, settle: 700 * time.Millisecond,
		recovery: 8 * time.Second, healthy: 30 * time.Second,
	}
}

// DefaultAttempts is how many runs are tried for one that must be valid: docker
// itself keeps a small machine busy enough to delay a probe now and then.
const DefaultAttempts = 4

// Run carries out the scenarios one after the other and hands over each when it
// is done. A run that is no measurement, because the prober itself fell behind,
// is kept as such and tried again. When ctx ends, what is broken is mended
// before Run returns.
func (d *Drill) Run(ctx context.Context, scenarios []Scenario, each func(outage.ScenarioResult)) error {
	if err := d.prepare(ctx); err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(uint64(d.opts.Seed), 0))
	var failed []error
	for _, sc := range scenarios {
		result, err := d.scenario(ctx, sc, random)
		each(result)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", sc.Name, err))
		}
	}
	return errors.Join(failed...)
}

// prepare reads which timings the lab has.
func (d *Drill) prepare(ctx context.Context) error {
	status, err := d.lab.Look(ctx)
	if err != nil {
		return err
	}
	d.timing = timings(topology.Profile(status.Profile))
	d.forecast, err = d.readConfigs(ctx, status)
	return err
}

// healthy waits until the whole lab is well.
func (d *Drill) healthy(ctx context.Context) (*lab.State, error) {
	status, err := d.breaker.WaitHealthy(ctx, fault.Scope{}, d.timing.healthy)
	if err != nil {
		return nil, fmt.Errorf("a drill begins with a healthy lab: %w", err)
	}
	if !status.Own() {
		return status, nil
	}
	held, since := fmt.Sprint(status.Holders()), time.Now()
	return d.lab.Until(ctx, d.timing.healthy, func(s *lab.State) (bool, error) {
		if now := fmt.Sprint(s.Holders()); now != held || !s.Ready {
			held, since = now, time.Now()
		}
		return time.Since(since) >= d.forecast.rest(), nil
	})
}

// errUnmeasured says that too few runs of a scenario are measurements.
var errUnmeasured = errors.New("not measured")

// scenario repeats one scenario until it has the runs that were asked for.
func (d *Drill) scenario(ctx context.Context, sc Scenario, random *rand.Rand) (outage.ScenarioResult, error) {
	patient := *d
	patient.timing = d.forecast.patience(d.timing, sc)
	d = &patient
	result := outage.ScenarioResult{Name: sc.Name, Kind: sc.Kind, Cluster: sc.Cluster, Description: sc.Description}
	end := d.sink.Begin(sc.Name, "drill", sc.Description)
	var err error
	valid := 0
	for number := 1; valid < d.opts.Repeat && number <= d.opts.Attempts*d.opts.Repeat; number++ {
		var run outage.Run
		run, err = d.run(ctx, sc, number, random)
		if ctx.Err() != nil {
			break
		}
		result.Runs = append(result.Runs, run)
		d.sink.Update(sc.Name, "drill", describe(run, valid, d.opts.Repeat))
		if err != nil {
			break
		}
		if run.Valid() {
			valid++
		}
	}
	if err == nil && ctx.Err() == nil && valid < d.opts.Repeat {
		err = fmt.Errorf("%w: only %d of %d runs are measurements: %s\n"+
			"  the machine is too busy for probes of this rate: stop what else runs on it, or allow more tries with --attempts",
			errUnmeasured, valid, d.opts.Repeat, whyInvalid(result.Runs))
	}
	end(errors.Join(err, ctx.Err()))
	return d.judge(sc, result, err)
}

// judge sums the runs up and sets them beside what was to be expected.
func (d *Drill) judge(sc Scenario, result outage.ScenarioResult, err error) (outage.ScenarioResult, error) {
	result.Summary, result.Held = outage.Summarise(result), outage.SummariseHeld(result)
	ferr := d.forecast.expect(sc, &result)
	if sc.Budget != "" {
		budget, berr := outage.ParseBudget(sc.Budget)
		if berr != nil {
			return result, errors.Join(err, fmt.Errorf("the scenario's budget: %w", berr))
		}
		verdict := budget.Evaluate([]outage.ScenarioResult{result})
		result.Budget = &verdict
	}
	return result, errors.Join(err, ferr)
}

// describe is a run in a line.
func describe(r outage.Run, valid, wanted int) string {
	if r.Error != "" {
		return fmt.Sprintf("run %d: %s", r.Number, r.Error)
	}
	text := fmt.Sprintf("run %d (%d of %d)", r.Number, valid+1, wanted)
	for _, phase := range r.Phases {
		if !phase.Valid {
			return text + ": no measurement: " + phase.Invalid
		}
		text += fmt.Sprintf(" · %s", phase.Phase)
		for _, s := range phase.Streams {
			text += fmt.Sprintf(" %s %.0f ms", s.Name, s.OutageLongestMs)
		}
		if h, found := phase.HeldTo(r.VIP, agentapi.HeldBusy); found {
			text += fmt.Sprintf(" held %s", h)
		}
	}
	return text
}

func whyInvalid(runs []outage.Run) string {
	for i := len(runs) - 1; i >= 0; i-- {
		for _, p := range runs[i].Phases {
			if !p.Valid {
				return p.Invalid
			}
		}
	}
	return "no reason was noted"
}
