package cli

import (
	"context"

	"github.com/urfave/cli/v2"
)

func (p *program) helpSpec() spec {
	return spec{
		name:     "help",
		summary:  "explain a command",
		args:     []arg{{name: "COMMAND", kind: aCommand, optional: true}, {name: "SUBCOMMAND", kind: anything, optional: true}},
		about:    "Prints the help of a command, the same as halab COMMAND --help.",
		examples: []string{"halab help fail"},
		run: func(_ context.Context, in *input) error {
			level, app := p.commands(), in.flags.App
			if len(in.args) == 0 {
				return cli.ShowAppHelp(in.flags)
			}
			args := []string{app.Name}
			for _, word := range in.args {
				found := false
				for _, s := range level {
					if s.name == word {
						level, found = s.sub, true
						break
					}
				}
				if !found {
					return unknownCommand(word, level)
				}
				args = append(args, word)
			}
			return p.urfave(p.commands()).RunContext(in.flags.Context, append(args, "--help"))
		},
	}
}
