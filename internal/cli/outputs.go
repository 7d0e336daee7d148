package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"halab/internal/outage"
	"halab/internal/report"
	"halab/internal/ui"
)

// outputs are the reports that are asked for beside the one on the terminal.
type outputs struct {
	junit, markdown, html, save string
	pictures                    string
	budget                      *outage.Budget
	samples, anatomy, strict    bool
}

// reportFlags are common to the commands that end in a report.
func reportFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "budget", Usage: "end with code 3 unless all `CONDITIONS` hold, such as 'edge.outage.p95<=50ms,stack.failed==0'"},
		&cli.BoolFlag{Name: "strict", Usage: "end with code 3 where a measurement contradicts what the files predict"},
		&cli.StringFlag{Name: "junit", Usage: "write a JUnit report to `FILE`", TakesFile: true},
		&cli.StringFlag{Name: "markdown", Usage: "write a summary for a CI job to `FILE`", TakesFile: true},
		&cli.StringFlag{Name: "html", Usage: "write a page with a picture of each run to `FILE`", TakesFile: true},
		&cli.StringFlag{Name: "pictures", Usage: "draw the median run of each scenario into `FOLDER`, as SVG files", TakesFile: true},
		&cli.StringFlag{Name: "save", Usage: "keep everything in `FILE` (.gz: compressed), for halab report", TakesFile: true},
		&cli.BoolFlag{Name: "samples", Usage: "with --json: put every sample into the document"},
		&cli.BoolFlag{Name: "anatomy", Usage: "tell each run step by step"},
	}
}

func readOutputs(in *input) (outputs, error) {
	o := outputs{
		junit: in.flags.String("junit"), markdown: in.flags.String("markdown"),
		html: in.flags.String("html"), save: in.flags.String("save"), pictures: in.flags.String("pictures"),
		samples: in.flags.Bool("samples"), anatomy: in.flags.Bool("anatomy"), strict: in.flags.Bool("strict"),
	}
	text := in.flags.String("budget")
	if text == "" {
		return o, nil
	}
	budget, err := outage.ParseBudget(text)
	if err != nil {
		return o, usage("--budget %q: %v", text, err)
	}
	o.budget = &budget
	return o, nil
}

// finish judges, writes every report, prints the answer, and ends with the
// drill's own error, or with code 3 where a budget is broken, or a prediction.
func (s *session) finish(r *outage.Result, o outputs, drillErr error) error {
	if o.budget != nil {
		verdict := o.budget.Evaluate(r.Scenarios)
		r.Budget = &verdict
	}
	if o.strict && (r.Budget == nil || !strings.Contains(r.Budget.Budget, outage.StrictBudget)) { // a saved drill may have been strict
		verdict := outage.Strict(r.Scenarios)
		if r.Budget != nil {
			verdict = r.Budget.And(verdict)
		}
		r.Budget = &verdict
	}
	if err := writeReports(r, o); err != nil {
		return errors.Join(drillErr, err)
	}
	s.story.end()
	var err error
	if s.in.json {
		err = report.JSON(ui.HarmlessJSON(s.stdout), r, report.JSONOptions{Recordings: o.samples, Indent: true})
	} else {
		err = report.Text(s.stdout, r, report.TextOptions{Style: s.paint(), Columns: s.out.Columns(), Anatomy: o.anatomy})
	}
	switch {
	case drillErr != nil:
		return drillErr
	case err != nil:
		return err
	case overBudget(r):
		return &codeError{exitBudget}
	}
	return nil
}

// paint is the report's style: nil where nothing is to be painted.
func (s *session) paint() report.Style { return s.out.Style }

// overBudget says whether any budget of the result is broken.
func overBudget(r *outage.Result) bool {
	if r.Budget != nil && !r.Budget.Held {
		return true
	}
	for _, sc := range r.Scenarios {
		if sc.Budget != nil && !sc.Budget.Held {
			return true
		}
	}
	return false
}

func writeReports(r *outage.Result, o outputs) error {
	files := []struct {
		path  string
		write func(io.Writer) error
	}{
		{o.junit, func(w io.Writer) error { return report.JUnit(w, r) }},
		{o.markdown, func(w io.Writer) error { return report.Markdown(w, r) }},
		{o.html, func(w io.Writer) error { return report.HTML(w, r) }},
		{o.save, func(w io.Writer) error {
			return report.JSON(w, r, report.JSONOptions{Recordings: true, Compress: strings.HasSuffix(o.save, ".gz")})
		}},
	}
	var errs []error
	if o.pictures != "" {
		errs = append(errs, report.Pictures(o.pictures, r))
	}
	for _, f := range files {
		if f.path == "" {
			continue
		}
		if err := report.WriteFile(f.path, f.write); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (p *program) reportSpec() spec {
	return spec{
		name:    "report",
		summary: "report again what a drill has saved; no lab is needed",
		args:    []arg{{name: "FILE", kind: aFile}},
		about: `
Reads a file of "halab drill --save" and reports it anew, in any form and
against any budget.`,
		examples: []string{
			"halab report drill.json.gz --anatomy",
			"halab report drill.json.gz --html drill.html --budget 'edge.outage.max<=50ms'",
		},
		flags: reportFlags(),
		run:   p.report,
	}
}

func (p *program) report(_ context.Context, in *input) error {
	o, err := readOutputs(in)
	if err != nil {
		return err
	}
	r, err := savedDrill(in.arg(0))
	if err != nil {
		return err
	}
	return p.offline(in).finish(r, o, nil)
}

// savedDrill reads what halab drill --save wrote.
func savedDrill(file string) (*outage.Result, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("the saved drill can't be read: %w", err)
	}
	defer f.Close()
	r, err := report.Load(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}
