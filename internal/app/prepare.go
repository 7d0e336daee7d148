package app

import (
	"context"
	"maps"
	"slices"

	"halab/internal/composefile"
	"halab/internal/plan"
	"halab/internal/preflight"
)

// making makes a lab have a setting: the session's own, or that of one side of a
// comparison.
type making struct {
	s   *Session
	set Setting
}

// prepared is a lab that can be made: nothing stands in its way.
type prepared struct {
	base    string
	project *composefile.Project
	images  map[string]string // node, app, … -> exact reference
	facts   preflight.Facts   // of the engine and its host
	roots   map[string]string // endpoint of a host -> its root of control groups
}

// prepare resolves the base, reads the description, looks whether the lab can be
// made, and builds the images that are missing, in this order: nothing is made
// where something stands in the way.
func (m making) prepare(ctx context.Context) (*prepared, error) {
	resolve := func(ctx context.Context) (string, error) { return m.s.images.resolve(ctx, m.set.Base) }
	p, err := m.describe(ctx, resolve, m.settled)
	if err != nil {
		return nil, err
	}
	base := p.base
	if p.base, p.images, err = m.s.images.ensure(ctx, m.set.Base, base); err != nil {
		return nil, err
	}
	if p.base != base { // it could not be built
		if p.project, err = m.set.Load(ctx, p.base); err != nil {
			return nil, err
		}
	}
	if err := distribute(ctx, m.s, p.images); err != nil {
		return nil, err
	}
	return p, admit(ctx, m.s, &p.project.Lab)
}

// plan says what would be done to make the lab. Images that are to be built come
// first, and everything else after them.
func (m making) plan(ctx context.Context) (plan.Plan, error) {
	var all plan.Plan
	guess := func(ctx context.Context) (string, error) { return m.s.images.guess(ctx, m.set.Base) }
	p, err := m.describe(ctx, guess, m.facts)
	if err != nil {
		return all, err
	}
	var missing map[string]string
	if p.images, missing, err = m.s.images.plan(ctx, p.base); err != nil {
		return all, err
	}
	want, err := m.want(ctx, p, 0)
	if err != nil {
		return all, err
	}
	rest, err := m.s.lab.Plan(ctx, want)
	if err != nil {
		return all, err
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		all.Steps = append(all.Steps, plan.Step{Action: "build image", Subject: p.images[name], Cause: missing[name]})
	}
	for _, step := range rest.Steps {
		for i := range step.After {
			step.After[i] += len(missing)
		}
		all.Steps = append(all.Steps, step)
	}
	return all, nil
}

// describe prepares up to the images, with a base from choose and facts from look.
func (m making) describe(ctx context.Context, choose func(context.Context) (string, error),
	look func(context.Context, *composefile.Project) preflight.Facts) (*prepared, error) {
	// What is wrong with the description is said before anything else: it needs
	// no engine.
	first, err := m.set.Load(ctx, m.set.AnyBase())
	if err != nil {
		return nil, err
	}
	looked := make(chan preflight.Facts, 1)
	go func() { looked <- look(ctx, first) }()
	base, baseErr := choose(ctx)
	facts := <-looked
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case facts.EngineError != nil:
		return nil, facts.EngineError
	case baseErr != nil:
		return nil, baseErr
	}
	if err := m.keepOwn(ctx); err != nil {
		return nil, err
	}
	if preflight.Failed(preflight.Evaluate(facts)) {
		m.locate(ctx, first, &facts)
	}
	if err := m.examine(preflight.Evaluate(facts)); err != nil {
		return nil, err
	}
	p := &prepared{base: base, project: first, facts: facts}
	switch {
	case m.set.Config != "":
		p.project, err = m.sayOwn(ctx, base)
	case base != m.set.AnyBase():
		p.project, err = m.set.Load(ctx, base)
	}
	if err != nil {
		return nil, err
	}
	for _, w := range p.project.Warnings { // what the description says and halab leaves out
		m.s.emit.Warn("", w.Line())
	}
	return p, nil
}

// examine tells of warnings and turns failures into an error. What is left of an
// earlier lab is up's own work, and where the host can be reached is in its answer.
func (m making) examine(findings []preflight.Finding) error {
	for _, f := range findings {
		if f.Level == preflight.Warning && f.Check != "leftovers" && f.Check != "host" {
			m.s.emit.Warn("", f.Line())
		}
	}
	return preflight.Error(findings)
}
