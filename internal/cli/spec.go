package cli

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"halab/internal/app"
	"halab/internal/problem"
)

// spec is one command: what it is called, what it takes, what it does. Help,
// completion, the order of flags and the check of arguments all come from it.
type spec struct {
	name     string
	summary  string   // one line, for the list of commands
	args     []arg    // in order
	rest     string   // name of further words that are passed on; "" means none are taken
	about    string   // paragraphs of at most 80 columns
	examples []string // command lines
	flags    []cli.Flag
	hidden   bool
	sub      []spec
	run      func(ctx context.Context, in *input) error
}

// arg is one argument of a command.
type arg struct {
	name     string // as help shows it
	kind     kind   // what completion offers
	optional bool
	many     bool // the last argument may be repeated
}

// kind says what an argument or a flag's value names.
type kind int

const (
	anything kind = iota
	aTarget
	aService
	aCluster
	aNode
	aMachine // a node, or a cluster
	aDaemon
	aShell
	aCommand
	aPath
	aFile
	aScenario
	aFault
	aFaultArg
)

// input is what a command was called with.
type input struct {
	settings
	selection selection
	args      []string
	flags     *cli.Context
}

// arg gives the i-th argument, or "" when there are fewer.
func (in *input) arg(i int) string {
	if i < len(in.args) {
		return in.args[i]
	}
	return ""
}

// takesMany says whether the last argument may be repeated.
func (s spec) takesMany() bool { return len(s.args) > 0 && s.args[len(s.args)-1].many }

// usageLine is "halab fail TARGET SERVICE".
func (s spec) usageLine(path string) string {
	line := path
	if len(s.sub) > 0 {
		var names []string
		for _, sub := range s.sub {
			names = append(names, sub.name)
		}
		line += " " + strings.Join(names, "|")
	}
	open := 0
	for _, a := range s.args {
		if a.optional {
			line += " [" + a.name
			open++
		} else {
			line += " " + a.name
		}
	}
	line += strings.Repeat("]", open)
	if s.rest != "" {
		line += " [-- " + s.rest + "]"
	}
	return line
}

// command makes the urfave command of a spec.
func (p *program) command(s spec) *cli.Command { return p.commandAt(s, "halab "+s.name) }

func (p *program) commandAt(s spec, path string) *cli.Command {
	c := &cli.Command{
		Name:               s.name,
		HelpName:           path,
		Usage:              s.summary,
		UsageText:          s.usageLine(path),
		Flags:              s.flags,
		Hidden:             s.hidden,
		HideHelpCommand:    true,
		CustomHelpTemplate: commandHelp(s, path),
		OnUsageError:       wrong,
		Action:             func(c *cli.Context) error { return p.act(c, s, path) },
	}
	for _, sub := range s.sub {
		c.Subcommands = append(c.Subcommands, p.commandAt(sub, path+" "+sub.name))
	}
	return c
}

// wrong makes a usage error of whatever urfave finds fault with.
func wrong(_ *cli.Context, err error, _ bool) error { return usage("%v", err) }

// act checks the arguments and runs the command.
func (p *program) act(c *cli.Context, s spec, path string) error {
	args := c.Args().Slice()
	p.json = c.Bool("json")
	if s.run == nil {
		var names []string
		for _, sub := range s.sub {
			names = append(names, sub.name)
		}
		if len(args) == 0 {
			return usage("%s needs one of: %s", path, strings.Join(names, ", "))
		}
		return usage("%s does not know %q%s It knows: %s", path, args[0], question(didYouMean(args[0], names)), strings.Join(names, ", "))
	}
	for i, a := range s.args {
		if i >= len(args) && !a.optional {
			return app.AsUsage(problem.New("%s is missing", a.name).Cure("usage: " + s.usageLine(path)))
		}
	}
	if len(args) > len(s.args) && s.rest == "" && !s.takesMany() {
		return app.AsUsage(problem.New("%q is one word too many", args[len(s.args)]).Cure("usage: " + s.usageLine(path)))
	}
	set, err := readSettings(c)
	if err != nil {
		return err
	}
	in := &input{settings: set, args: args, flags: c, selection: p.selection(set)}
	if err := s.run(c.Context, in); err != nil {
		return &selectedError{err, in.selection}
	}
	return nil
}

// question ends a sentence that may have a question in it.
func question(s string) string {
	if s == "" {
		return "."
	}
	return s
}
