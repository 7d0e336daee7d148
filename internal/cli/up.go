package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"halab/internal/composefile"
	"halab/internal/lab"
	"halab/internal/plan"
	"halab/internal/preflight"
	"halab/internal/ui"
)

func (p *program) upSpec() spec {
	return spec{
		name:    "up",
		summary: "bring the lab up, or mend what differs, and wait until it serves",
		about: `
Builds what is missing, makes the network, the nodes and their services, and
waits until the lab is whole: everything runs, every VIP has one holder, every
server is up, and a request to the front VIP is answered through every tier. Run
again, it mends what differs from the description and leaves the rest. It can be
interrupted at any point: the next up goes on from there, and down removes it.`,
		examples: []string{"halab up", "halab up --profile classic", "halab up --dry-run", "halab up --name two --subnet 192.168.77.0/24"},
		flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Usage: "print what would be done, and why, and do nothing"},
			&cli.DurationFlag{Name: "timeout", Usage: "give up waiting for a whole lab after `TIME`", Value: 60 * time.Second},
		},
		run: p.up,
	}
}

// arisen is the answer of up.
type arisen struct {
	Lab     string `json:"lab"`
	Base    string `json:"base"`
	Profile string `json:"profile"`
	URL     string `json:"url"`
	// Reachable says that the URL can be asked from here; halab curl can always.
	Reachable bool    `json:"reachable"`
	Seconds   float64 `json:"seconds"`
}

// workshop is all that is needed to make a lab.
type workshop struct {
	base    string
	project *composefile.Project
	images  map[string]string // node, app, … -> exact reference
	facts   preflight.Facts   // of the engine and its host
	roots   map[string]string // endpoint of a host -> its root of control groups
}

// rootCgroup is where the control groups of an engine begin; empty where it has
// no place to put a container.
func (w *workshop) rootCgroup(endpoint string) string {
	if endpoint == "" {
		return w.facts.Engine.RootCgroup
	}
	return w.roots[endpoint]
}

// workshop resolves the base, reads the description, looks whether the lab can
// be made, and builds the images that are missing, in this order: nothing is
// made where something stands in the way.
func (s *session) workshop(ctx context.Context) (*workshop, error) {
	w, err := s.describe(ctx, s.resolveBase, s.settled)
	if err != nil {
		return nil, err
	}
	if w.images, err = s.ensureImages(ctx, w.base); err != nil {
		return nil, err
	}
	if err := s.distribute(ctx, w.images); err != nil {
		return nil, err
	}
	return w, s.admit(ctx, &w.project.Lab)
}

// settled is what is true of the engine and its host once nothing is at work
// there that a killed halab left: until then interfaces come and go.
func (s *session) settled(ctx context.Context, p *composefile.Project) preflight.Facts {
	facts := s.facts(ctx, p)
	others, err := s.lab.EndHelpers(ctx, facts.Containers)
	if err != nil {
		facts.EngineError = err
		return facts
	}
	if len(others) < len(facts.Containers) {
		return s.facts(ctx, p)
	}
	return facts
}

// describe does the same up to the images, with a base from choose and facts from
// look.
func (s *session) describe(ctx context.Context, choose func(context.Context) (string, error),
	look func(context.Context, *composefile.Project) preflight.Facts) (*workshop, error) {
	// What is wrong with the description is said before anything else: it needs
	// no engine.
	first, err := s.load(ctx, s.in.settings, knownBase(s.in.base))
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
	if preflight.Failed(preflight.Evaluate(facts)) {
		s.locate(ctx, first, &facts)
	}
	if err := s.examine(preflight.Evaluate(facts)); err != nil {
		return nil, err
	}
	w := &workshop{base: base, project: first, facts: facts}
	if base != knownBase(s.in.base) {
		if w.project, err = s.load(ctx, s.in.settings, base); err != nil {
			return nil, err
		}
	}
	s.warn(w.project)
	return w, nil
}

// examine tells of warnings and turns failures into an error. What is left of an
// earlier lab is up's own work, and where the host can be reached is in its answer.
func (s *session) examine(findings []preflight.Finding) error {
	for _, f := range findings {
		if f.Level == preflight.Warning && f.Check != "leftovers" && f.Check != "host" {
			s.emit.Warn("", strings.ReplaceAll(f.String(), "\n  ", "; "))
		}
	}
	return preflight.Error(findings)
}

func (p *program) up(ctx context.Context, in *input) error {
	begin := time.Now()
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	if in.flags.Bool("dry-run") {
		return s.dryRun(ctx)
	}
	w, err := s.workshop(ctx)
	if err != nil {
		return err
	}
	want, err := s.want(ctx, w, in.flags.Duration("timeout"))
	if err != nil {
		return err
	}
	if err := s.lab.Up(ctx, want); err != nil {
		if ctx.Err() != nil {
			return errors.Join(&interruptedError{"what was made stays; halab up goes on from there, halab down removes it"}, err)
		}
		return err
	}
	l := w.project.Lab
	reachable, why := s.reach(&l, w.facts)
	answer := arisen{Lab: l.Name, Base: w.base, Profile: string(l.Profile), URL: want.URL, Reachable: reachable, Seconds: time.Since(begin).Seconds()}
	return s.answer(answer, func() error {
		ask := "  curl " + answer.URL
		if !reachable {
			ask = s.in.selection.addressed("  halab curl") + "   # asks " + answer.URL + " from inside; " + why
		}
		_, err := fmt.Fprintf(s.stdout, "lab %s is up after %s (base %s, profile %s)\n\n%s\n%s\n",
			answer.Lab, ui.Seconds(time.Since(begin)), answer.Base, answer.Profile, ask, s.in.selection.addressed("  halab status"))
		return err
	})
}

// want is what the lab package is asked for, with the budgets that this machine
// can give.
func (s *session) want(ctx context.Context, w *workshop, patience time.Duration) (lab.Want, error) {
	if f, several := s.fleet(); several {
		w.roots = f.RootCgroups(ctx)
	}
	want, err := w.want(patience)
	if err == nil {
		s.grantRealtime(ctx, w, want.Containers)
	}
	return want, err
}

// want is the same, for any machine.
func (w *workshop) want(patience time.Duration) (lab.Want, error) {
	l := &w.project.Lab
	host := hostRequest(l)
	want := lab.Want{
		Wanted: plan.Wanted{Networks: w.project.Networks, Volumes: w.project.Volumes,
			HostNetwork: !l.OnHosts() && !hostReady(w.facts, host), ParentGone: !l.OnHosts() && parentGone(w.facts)},
		Host:      host,
		HostImage: w.images["node"],
		Patience:  patience,
	}
	for _, c := range w.project.Containers {
		spec := c.Spec
		if exact, ok := w.exact(spec.Image); ok {
			spec.Image = exact
		}
		if spec.CPUShares > 0 && spec.CgroupParent == "" {
			spec.CgroupParent = w.rootCgroup(spec.Endpoint) // so that they count against the host's own load, too
		}
		if c.Service == l.Client {
			want.Client = spec.Name
		}
		want.Containers = append(want.Containers, spec)
	}
	front, ok := l.Front()
	if !ok {
		return want, errors.New("the description has no cluster\n  add one to x-halab: see docs/compose.md")
	}
	want.URL = front.URL(front.Path())
	return want, nil
}

// exact turns "halab/node:debian12" into the tag that has the contents in it.
// Other images are the user's own.
func (w *workshop) exact(image string) (string, bool) {
	name, ok := strings.CutPrefix(image, "halab/")
	if !ok {
		return "", false
	}
	name, tag, _ := strings.Cut(name, ":")
	exact, ok := w.images[name]
	return exact, ok && tag == w.base
}
