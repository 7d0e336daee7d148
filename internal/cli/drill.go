package cli

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"halab/internal/app"
	"halab/internal/drill"
	"halab/internal/outage"
	"halab/internal/topology"
	"halab/internal/ui"
)

func (p *program) drillSpec() spec {
	return spec{
		name:    "drill",
		summary: "break one thing at a time and measure what a client loses",
		args:    []arg{{name: "SCENARIO…", kind: aScenario, optional: true, many: true}},
		about: `
Breaks one thing, watches as a client and on the wire with one clock, and says
how long the outage was, where the milliseconds went, and what the nodes' files
let one expect. Then it restores the thing and measures that too.

SCENARIO is a name of --list, a kind such as haproxy-kill (for every cluster), a
cluster (its usual scenarios), "all", or a TARGET and what is done to it, in the
words of "halab fail"; a cluster is the node that holds its VIP. With none, the
usual ones are run. "calibrate" measures the measurement: known outages are read
back.

A run in which the prober itself fell behind is no measurement; it is said to be
none, and tried again. Interrupted, a drill restores what it broke.`,
		examples: []string{
			"halab drill frontend/haproxy-kill",
			"halab drill frontend 'link down'",
			"halab drill frontend-01 'loss 30'",
			"halab drill --repeat 20 --html drill.html --save drill.json.gz",
			"halab drill node-crash --budget 'edge.outage.p95<=50ms,stack.failed<=2'",
			"halab drill -s examples/scenarios/second-blow.yaml",
			"halab drill --soak 5m --stress 64",
			"halab drill calibrate",
		},
		flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "list", Usage: "list the scenarios and say what each does"},
			&cli.IntFlag{Name: "repeat", Aliases: []string{"n"}, Usage: "measure each scenario `N` times", Value: 5},
			&cli.IntFlag{Name: "attempts", Usage: "try up to `N` runs for each that must be a measurement", Value: drill.DefaultAttempts},
			&cli.Int64Flag{Name: "seed", Usage: "begin the random moments with `NUMBER`; it is printed, so that a drill can be repeated", DefaultText: "random"},
			&cli.StringSliceFlag{Name: "scenario", Aliases: []string{"s"}, Usage: "run the scenarios of `FILE` (docs/scenarios.md)", TakesFile: true},
			&cli.DurationFlag{Name: "soak", Usage: "break nothing for `TIME` and demand that nothing fails over"},
			&cli.IntFlag{Name: "stress", Usage: "with --soak: `N` busy loops on the engine's machine, and images being built"},
		}, reportFlags()...),
		run: p.drill,
	}
}

// seed is the one given, or one of the moment.
func seed(in *input) int64 {
	if in.flags.IsSet("seed") {
		return in.flags.Int64("seed")
	}
	return time.Now().UnixNano() & 0xffffffff
}

func (p *program) drill(ctx context.Context, in *input) error {
	outputs, err := readOutputs(in)
	if err != nil {
		return err
	}
	if err := checkDrill(in); err != nil {
		return err
	}
	custom, err := scenarioFiles(in.flags.StringSlice("scenario"))
	if err != nil {
		return err
	}
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	if in.flags.Bool("list") {
		return s.listScenarios(ctx, custom)
	}
	keep := outputs.html != "" || outputs.pictures != "" || outputs.save != "" || outputs.samples
	result, err := s.Drill(ctx, app.DrillOrder{
		Names: in.args, Custom: custom,
		Options: drill.Options{Repeat: in.flags.Int("repeat"), Seed: seed(in), Keep: keep, Attempts: in.flags.Int("attempts")},
		Soak:    in.flags.Duration("soak"), Stress: in.flags.Int("stress"),
	})
	if result == nil {
		return err
	}
	return s.finish(result, outputs, err)
}

// checkDrill refuses what would be read and then left aside.
func checkDrill(in *input) error {
	soak, files := in.flags.Duration("soak") > 0, len(in.flags.StringSlice("scenario"))
	switch {
	case in.flags.Int("repeat") < 1:
		return usage("--repeat cannot be %d: a drill measures at least once", in.flags.Int("repeat"))
	case in.flags.Int("stress") > 0 && !soak:
		return usage("--stress goes with --soak TIME")
	case soak && len(in.args)+files > 0:
		return usage("--soak breaks nothing: it takes no SCENARIO and no --scenario FILE")
	case slices.Contains(in.args, string(outage.KindCalibrate)) && len(in.args)+files > 1:
		return usage("calibrate stands alone: it measures the measurement, and no other SCENARIO")
	}
	return nil
}

// scenarioFiles reads the scenarios of the files that were named.
func scenarioFiles(files []string) ([]drill.Scenario, error) {
	var list []drill.Scenario
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("the scenario file can't be read: %w", err)
		}
		more, err := drill.ParseFile(name, f)
		f.Close()
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}

// listed is one scenario of `drill --list --json`.
type listed struct {
	Name        string   `json:"name"`
	Kind        string   `json:"kind"`
	Cluster     string   `json:"cluster"`
	Description string   `json:"description"`
	Shows       []string `json:"shows,omitempty"`
	ByName      bool     `json:"by_name,omitempty"`  // it is run only where it is named, or all are
	LeftOut     string   `json:"left_out,omitempty"` // why this lab can't do it
}

// listScenarios needs no lab: without one, the default lab's clusters are shown.
func (s *session) listScenarios(ctx context.Context, custom []drill.Scenario) error {
	menu, err := s.Menu(ctx, custom)
	if err != nil {
		menu = drill.NewMenu(&topology.Lab{Profile: topology.ProfileFast, Clusters: []topology.Cluster{{Name: "frontend"}, {Name: "backend"}}}, nil, custom...)
	}
	all := menu.Scenarios()
	if len(s.in.args) > 0 {
		if all, err = menu.Pick(s.in.args); err != nil {
			return err
		}
	}
	list := make([]listed, len(all))
	for i, sc := range all {
		list[i] = listed{sc.Name, string(sc.Kind), sc.Cluster, sc.Description, sc.Shows, sc.ByName, sc.Unfit}
	}
	return s.answer(list, func() error { return s.writeListed(list) })
}

// writeListed writes the scenarios that run where none is named, then the others.
func (s *session) writeListed(list []listed) error {
	var out strings.Builder
	usual := func(byName bool) {
		for _, l := range list {
			if l.ByName != byName {
				continue
			}
			fmt.Fprintf(&out, "%s\n    %s\n", ui.Clean(l.Name), ui.Clean(l.Description))
			if l.LeftOut != "" {
				fmt.Fprintf(&out, "    left out: %s\n", l.LeftOut)
			}
		}
	}
	usual(false)
	if slices.ContainsFunc(list, func(l listed) bool { return l.ByName }) {
		out.WriteString("\nOnly where they are named, or all are (halab drill all):\n\n")
	}
	usual(true)
	_, err := fmt.Fprint(s.stdout, out.String())
	return err
}
