package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"halab/internal/drill"
	"halab/internal/outage"
	"halab/internal/report"
	"halab/internal/ui"
)

func (p *program) compareSpec() spec {
	return spec{
		name:    "compare",
		summary: "run the same drills on two settings and say what differs",
		args: []arg{
			{name: "A"}, {name: "B"},
			{name: "SCENARIO…", kind: aScenario, optional: true, many: true},
		},
		about: `
A and B are profiles (classic, fast), bases (centos7, debian12) or Compose
files. The lab is brought up with each in turn, round by round on the same
machine, and the scenarios are run once a round. Says, for each metric, both
medians with a 95 % interval, their ratio, and how likely chance alone would do
this (Mann-Whitney U test, as benchstat). The lab is left as the last round had
it.`,
		examples: []string{
			"halab compare classic fast frontend/node-crash",
			"halab compare before.yaml after.yaml --repeat 10 --markdown summary.md",
		},
		flags: []cli.Flag{
			&cli.IntFlag{Name: "repeat", Aliases: []string{"n"}, Usage: "`N` rounds of each side", Value: 6},
			&cli.IntFlag{Name: "attempts", Usage: "try up to `N` runs for each that must be a measurement", Value: 3 * drill.DefaultAttempts},
			&cli.Int64Flag{Name: "seed", Usage: "begin the random moments with `NUMBER`", DefaultText: "random"},
			&cli.StringFlag{Name: "markdown", Usage: "write the comparison to `FILE`", TakesFile: true},
		},
		run: p.compare,
	}
}

func (p *program) compare(ctx context.Context, in *input) error {
	if in.flags.Int("repeat") < 1 {
		return usage("--repeat cannot be %d: a comparison has at least one round", in.flags.Int("repeat"))
	}
	names := [2]string{in.arg(0), in.arg(1)}
	var sides [2]drill.Side
	var heads [2]*outage.Result
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	for i, name := range names {
		set, err := setting(in.settings, name)
		if err != nil {
			return err
		}
		sides[i] = drill.Side{Name: name, Bring: func(ctx context.Context) (*drill.Drill, error) {
			return s.bring(ctx, set, &heads[i])
		}}
	}
	pick := func(*drill.Drill) ([]drill.Scenario, error) {
		all, err := s.scenarios(ctx, nil)
		if err != nil {
			return nil, err
		}
		return s.choose(all, in.args[2:])
	}
	results, err := drill.Compare(ctx, sides, pick, in.flags.Int("repeat"), seed(in))
	if heads[0] == nil || heads[1] == nil {
		return err
	}
	for i := range heads {
		heads[i].Scenarios = results[i]
	}
	return errors.Join(err, s.compared(report.Compare(names[0], heads[0], names[1], heads[1])))
}

// compared writes a comparison wherever it is wanted.
func (s *session) compared(c report.Comparison) error {
	var err error
	if file := s.in.flags.String("markdown"); file != "" {
		err = report.WriteFile(file, func(w io.Writer) error { return report.CompareMarkdown(w, c) })
	}
	s.story.end()
	if s.in.json {
		return errors.Join(err, report.CompareJSON(ui.HarmlessJSON(s.stdout), c))
	}
	return errors.Join(err, report.CompareText(s.stdout, c, report.TextOptions{Style: s.paint(), Columns: s.out.Columns()}))
}

// setting turns the name of a side into settings.
func setting(base settings, name string) (settings, error) {
	switch name {
	case "classic", "fast":
		base.Profile = name
	case "centos7", "debian12":
		base.Base = name
	default:
		if _, err := os.Stat(name); err != nil {
			return base, usage("%q is no profile (classic, fast), no base (centos7, debian12) and no Compose file that can be read", name)
		}
		base.Files = []string{name}
	}
	return base, nil
}

// bringTime bounds the wait for a side's lab to be whole.
const bringTime = time.Minute

// bring makes the lab have a setting, and heads the side's result.
func (s *session) bring(ctx context.Context, set settings, head **outage.Result) (*drill.Drill, error) {
	in := *s.in
	in.settings = set
	side := *s
	side.in = &in
	if err := side.Bring(ctx, set.Setting, bringTime); err != nil {
		return nil, err
	}
	var err error
	if *head, err = side.head(ctx); err != nil {
		return nil, err
	}
	(*head).FloorMs = drill.FloorMs()
	return side.drills(drill.Options{Repeat: 1, Seed: seed(s.in), Attempts: s.in.flags.Int("attempts")}), nil
}
