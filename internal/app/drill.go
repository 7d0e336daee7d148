package app

import (
	"context"
	"slices"
	"time"

	"halab/internal/drill"
	"halab/internal/event"
	"halab/internal/lab"
	"halab/internal/outage"
)

// DrillOrder says what is to be measured.
type DrillOrder struct {
	Names  []string         // as drill.Menu.Pick takes them, or "calibrate"; none: the usual ones
	Custom []drill.Scenario // of the user's own files
	drill.Options

	Soak   time.Duration // above 0: break nothing for so long
	Stress int           // busy loops meanwhile
}

func (o DrillOrder) calibrates() bool {
	return len(o.Names) == 1 && o.Names[0] == string(outage.KindCalibrate)
}

// Drill runs a soak, the calibration or the scenarios. With an error comes what was
// measured until then, nil where that is nothing.
func (s *Session) Drill(ctx context.Context, o DrillOrder) (*outage.Result, error) {
	st, err := s.running(ctx)
	if err != nil {
		return nil, err
	}
	var picked []drill.Scenario
	if !o.calibrates() {
		if picked, err = o.pick(s.menu(st, o.Custom), s.emit); err != nil {
			return nil, err
		}
	}
	clocks(ctx, s.engine) // what the nodes said since a moment is asked for by their own
	m := measuring{s}
	result, err := m.head(ctx, st)
	if err != nil {
		return nil, err
	}
	d := m.drills(o.Options)
	if result.Daemons, err = d.Daemons(ctx, st); err != nil {
		return nil, err
	}
	result.Seed, result.Repeat, result.FloorMs = o.Seed, o.Repeat, drill.FloorMs(st)
	front, err := st.Front()
	if err != nil {
		return nil, err
	}
	each := func(sr outage.ScenarioResult) { result.Scenarios = append(result.Scenarios, sr) }
	switch {
	case o.Soak > 0:
		var sr outage.ScenarioResult
		sr, err = d.Soak(ctx, front.Name, o.Soak, stress{s, o.Stress}.during())
		each(sr)
	case o.calibrates():
		err = d.Calibrate(ctx, front.Name, each)
	default:
		err = d.Run(ctx, picked, each)
	}
	result.Findings = outage.Prove(d.Findings(s.menu(st, o.Custom)), result.Scenarios)
	result.Interrupted = ctx.Err() != nil
	return result, err
}

// Menu is what the lab can be drilled for, and the user's own scenarios.
func (s *Session) Menu(ctx context.Context, custom []drill.Scenario) (drill.Menu, error) {
	st, err := s.running(ctx)
	if err != nil {
		return drill.Menu{}, err
	}
	return s.menu(st, custom), nil
}

func (s *Session) menu(st *lab.State, custom []drill.Scenario) drill.Menu {
	return drill.NewMenu(st.Topology(), s.power, custom...)
}

// pick chooses the scenarios: those of the files where there are any, else the
// built-in ones that were named, or the usual ones.
func (o DrillOrder) pick(menu drill.Menu, sink event.Sink) ([]drill.Scenario, error) {
	if len(o.Custom) > 0 && len(o.Names) == 0 {
		return o.Custom, nil
	}
	return choose(menu, o.Names, sink)
}

// choose picks the scenarios by name, and says what this lab can't do of them.
func choose(menu drill.Menu, names []string, sink event.Sink) ([]drill.Scenario, error) {
	picked, err := menu.Pick(names)
	for _, sc := range menu.Scenarios() {
		asked := slices.Contains(names, drill.All) || !sc.ByName && (len(names) == 0 || slices.Contains(names, sc.Cluster))
		if err == nil && sc.Unfit != "" && asked {
			sink.Info(sc.Name, "left out: "+sc.Unfit)
		}
	}
	return picked, err
}

// measuring is what drills of a session have in common.
type measuring struct{ s *Session }

// drills are those on this session's lab.
func (m measuring) drills(o drill.Options) *drill.Drill {
	return drill.New(m.s.lab, m.s.injector(), m.s.engine, m.s.emit, o)
}

// head is a result without its scenarios: what was measured on.
func (m measuring) head(ctx context.Context, st *lab.State) (*outage.Result, error) {
	info, err := m.s.engine.Info(ctx)
	if err != nil {
		return nil, err
	}
	return &outage.Result{
		Schema: outage.Schema, Halab: m.s.world.Version, Date: time.Now().UTC().Truncate(time.Second),
		Machine: outage.Machine{
			Kernel: info.Kernel, CPUs: info.CPUs, MemoryMiB: info.Memory >> 20,
			Engine: info.Version, System: info.OS, Cgroup: info.CgroupVersion,
		},
		Lab: st.Lab, Base: st.Base, Profile: st.Profile, Scenarios: []outage.ScenarioResult{},
	}, nil
}
