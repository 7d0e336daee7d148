package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"halab/internal/app"
	"halab/internal/base"
	"halab/internal/drill"
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
A and B are profiles (classic, fast), bases (debian12, debian13), Compose
files, or folders with haproxy.cfg and keepalived.conf of your own. The lab is
brought up with each in turn, round by round on the same machine, and the
scenarios are run once a round. Says, for each metric, both medians with a
95 % interval, their ratio, and how likely chance alone would do this
(Mann-Whitney U test, as benchstat). The lab is left as the last round had it.`,
		examples: []string{
			"halab compare classic fast frontend/node-crash",
			"halab compare debian12 debian13",
			"halab compare mine mended cluster/haproxy-kill",
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
	order := app.CompareOrder{
		Names: [2]string{in.arg(0), in.arg(1)}, Scenarios: in.args[2:],
		Rounds: in.flags.Int("repeat"), Attempts: in.flags.Int("attempts"), Seed: seed(in),
	}
	for i, name := range order.Names {
		var err error
		if order.Sides[i], err = side(in.Setting, name); err != nil {
			return err
		}
	}
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	r, err := s.Compare(ctx, order)
	if r[0] == nil || r[1] == nil {
		return err
	}
	return errors.Join(err, s.compared(report.Compare(order.Names[0], r[0], order.Names[1], r[1])))
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

// side turns the name of a side into a setting.
func side(of app.Setting, name string) (app.Setting, error) {
	bases := base.IDs()
	switch {
	case name == "classic" || name == "fast":
		of.Profile = name
	case slices.Contains(bases, name):
		of.Base = name
	default:
		info, err := os.Stat(name)
		if err != nil {
			return of, usage("%q is no profile (classic, fast), no base (%s), and no Compose file or folder that can be read", name, strings.Join(bases, ", "))
		}
		if info.IsDir() { // with files of the user's own
			of.Config, of.Files, of.Profile = name, nil, ""
			break
		}
		of.Files = []string{name}
	}
	return of, nil
}
