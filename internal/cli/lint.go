package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"halab/internal/app"
	"halab/internal/daemonconf"
	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/forecast"
	"halab/internal/daemonconf/lint"
	"halab/internal/problem"
	"halab/internal/ui"
)

func (p *program) lintSpec() spec {
	return spec{
		name:    "lint",
		summary: "say what is wrong with HAProxy and keepalived files of your own",
		args:    []arg{{name: "PATH…", kind: aFile, optional: true, many: true}},
		about: `
Reads the files of all nodes of a cluster together and says what is wrong, what
a client will see of it, and what each fault will cost; -v adds the arithmetic.
Runs nothing and needs no engine. PATH is a folder with a folder for each node,
the nodes' folders, or files in pairs (docs/lint.md). Ends with 1 where there is
an error, and with 2 where a file is no configuration: a template that is yet to
be rendered, or binary.`,
		examples: []string{
			"halab lint mine",
			"halab lint lb1 lb2 --base centos7",
			"halab lint mine --format github",
			"halab lint --explain weight-below-gap",
		},
		flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Usage: "write `FORMAT` text, sarif or github", Value: "text"},
			&cli.StringFlag{Name: "explain", Usage: "say what `RULE` is about"},
			&cli.StringFlag{Name: "keepalived", Usage: "judge for `VERSION` of keepalived", DefaultText: "the base's"},
			&cli.StringFlag{Name: "haproxy", Usage: "judge for `VERSION` of HAProxy", DefaultText: "the base's"},
		},
		run: p.lint,
	}
}

func (p *program) lint(_ context.Context, in *input) error {
	if rule := in.flags.String("explain"); rule != "" {
		return explainRule(p.stdout, rule)
	}
	if err := oneOf("format", in.flags.String("format"), values("format")); err != nil {
		return err
	}
	if len(in.args) == 0 {
		return app.AsUsage(problem.New("PATH is missing: a folder with your nodes' folders, or the nodes' folders").
			Cure("example: halab lint lb1 lb2"))
	}
	versions, err := lintVersions(in)
	if err != nil {
		return err
	}
	report, err := app.Lint(in.args, versions)
	if err != nil {
		return err
	}
	if err := p.writeLint(in, report, versions); err != nil {
		return err
	}
	if report.Count(lint.Error) > 0 {
		return &codeError{exitFailed}
	}
	return nil
}

// lintVersions are those of the base, but for what is named.
func lintVersions(in *input) (daemonconf.Versions, error) {
	v, ok := daemonconf.BaseVersions(in.AnyBase())
	if !ok {
		return v, usage("--base %s: its versions are not known here; name them with --keepalived and --haproxy", in.Base)
	}
	for flag, to := range map[string]*facts.Version{"keepalived": &v.Keepalived, "haproxy": &v.HAProxy} {
		text := strings.TrimPrefix(in.flags.String(flag), "v")
		if text == "" {
			continue
		}
		if text[0] < '0' || text[0] > '9' {
			return v, usage("--%s cannot be %q: it is a version such as 2.2.7", flag, text)
		}
		*to = facts.Version(text)
	}
	named := in.AnyBase() == in.Base
	return v.Named(named || in.flags.String("keepalived") != "", named || in.flags.String("haproxy") != ""), nil
}

func explainRule(w io.Writer, name string) error {
	rule, ok := lint.RuleNamed(name)
	if !ok {
		var names []string
		for _, r := range lint.Rules() {
			names = append(names, r.Name)
		}
		return usage("there is no rule %q%s docs/lint.md lists them", name, question(didYouMean(name, names)))
	}
	fmt.Fprintln(w, rule.Name)
	for _, text := range rule.Explain() {
		fmt.Fprintln(w)
		for _, line := range ui.Wrap(text, helpWidth) {
			fmt.Fprintln(w, line)
		}
	}
	return nil
}

func (p *program) writeLint(in *input, r lint.Report, v daemonconf.Versions) error {
	switch {
	case in.json:
		return ui.WriteJSON(p.stdout, linted{v, r.Versions, r.Nodes, r.Findings, r.Tables, r.Unjudged})
	case in.flags.String("format") == "sarif":
		return lint.SARIF(ui.HarmlessJSON(p.stdout), r, buildVersion)
	case in.flags.String("format") == "github":
		return lint.GitHub(p.stdout, r)
	}
	return writeLintText(ui.NewTerminal(p.stdout, in.colour, p.env), r, in.detail == ui.Verbose)
}

// linted is the answer of lint.
type linted struct {
	Versions daemonconf.Versions      `json:"versions"`
	ByNode   map[string]lint.Versions `json:"versions_by_node"`
	Nodes    []string                 `json:"nodes"`
	Findings []lint.Finding           `json:"findings"`
	Tables   []forecast.Table         `json:"tables"`
	Unjudged []string                 `json:"unjudged"`
}
