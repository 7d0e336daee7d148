package cli

import (
	"context"
	"embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"halab/internal/fault"
	"halab/internal/topology"
	"halab/internal/ui"
)

// scripts holds a completion script for each shell; each asks
// `halab __complete -- WORD…` what the last word may become.
//
//go:embed completion
var scripts embed.FS

func (p *program) completionSpec() spec {
	return spec{
		name:    "completion",
		summary: "print the completion script for bash, zsh or fish",
		args:    []arg{{name: "SHELL", kind: aShell}},
		about: `
Prints a script that completes commands, flags, targets and services. Targets
come from the running lab, or from the Compose file where none runs.`,
		examples: []string{
			"source <(halab completion bash)                  # in ~/.bashrc",
			"halab completion zsh > \"${fpath[1]}/_halab\"",
			"halab completion fish > ~/.config/fish/completions/halab.fish",
		},
		run: func(_ context.Context, in *input) error {
			script, err := scripts.ReadFile("completion/halab." + in.arg(0))
			if err != nil || !slices.Contains(shells(), in.arg(0)) {
				return usage("there is no completion for %q%s There is for: %s", in.arg(0),
					question(didYouMean(in.arg(0), shells())), strings.Join(shells(), ", "))
			}
			_, err = p.stdout.Write(script)
			return err
		},
	}
}

func shells() []string { return []string{"bash", "zsh", "fish"} }

// completeSpec is what the scripts call: it prints a candidate a line, with a
// tab and a description where there is one.
func (p *program) completeSpec() spec {
	return spec{
		name: "__complete", summary: "what the last word may become", rest: "WORD", hidden: true,
		about: "Called by the completion scripts.", examples: []string{"halab __complete -- fail fro"},
		run: func(ctx context.Context, in *input) error {
			ctx, cancel := context.WithTimeout(ctx, completionTime)
			defer cancel()
			for _, c := range p.complete(ctx, in.args) {
				if err := c.write(p.stdout); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// completionTime bounds how long a Tab may take.
const completionTime = 400 * time.Millisecond

// candidate is one word that may stand here.
type candidate struct{ word, about string }

func (c candidate) write(w io.Writer) error {
	if c.about == "" {
		_, err := fmt.Fprintln(w, c.word)
		return err
	}
	_, err := fmt.Fprintf(w, "%s\t%s\n", c.word, c.about)
	return err
}

// complete says what the last of words may become.
func (p *program) complete(ctx context.Context, words []string) []candidate {
	if len(words) == 0 {
		words = []string{""}
	}
	typed, last := words[:len(words)-1], words[len(words)-1]
	at := locate(p.commands(), typed)
	var all []candidate
	prefix := ""
	switch flag, value, cut := strings.Cut(last, "="); {
	case at.passing:
		return nil
	case at.flag != nil:
		all = at.flagValues(at.flag)
	case strings.HasPrefix(last, "-") && cut:
		if f, _ := at.find(strings.TrimLeft(flag, "-")); f != nil {
			all, prefix, last = at.flagValues(f), flag+"=", value
		}
	case strings.HasPrefix(last, "-"):
		all = at.flags()
	default:
		all = p.arguments(ctx, at)
	}
	var fits []candidate
	for _, c := range all {
		if strings.HasPrefix(c.word, last) && typable(c.word) {
			fits = append(fits, candidate{prefix + c.word, ui.Clean(c.about)})
		}
	}
	return fits
}

// typable says whether a word means itself on a shell's command line: shells
// put completions there as they are. All names of a valid lab do; labels that
// somebody else wrote may not.
func typable(word string) bool {
	return strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,%+@") == ""
}

// place is where on a command line a word is being typed.
type place struct {
	arrangement
	flag    cli.Flag // the word is this flag's value
	passing bool     // halab knows nothing of what may stand here
}

// locate reads the words before the one that is typed, leniently.
func locate(specs []spec, typed []string) *place {
	at := &place{arrangement: arrangement{level: specs, global: append(globalFlags(), cli.HelpFlag)}}
	for i := 0; i < len(typed); i++ {
		word := typed[i]
		switch {
		case word == "--":
			at.passing = at.command != nil && at.command.rest != ""
			return at
		case strings.HasPrefix(word, "-"):
			name, value, hasValue := strings.Cut(strings.TrimLeft(word, "-"), "=")
			f, local := at.find(name)
			if f == nil {
				continue
			}
			if _, isBool := f.(*cli.BoolFlag); !isBool && !hasValue {
				if i++; i == len(typed) {
					at.flag = f
					return at
				}
				value = typed[i]
			}
			if !local {
				at.before = append(at.before, "--"+f.Names()[0]+"="+value)
			}
		default:
			if at.word(word) != nil { // an unknown command has no completion
				at.passing = true
				return at
			}
		}
	}
	return at
}

func (at *place) flags() []candidate {
	all := at.global
	if at.command != nil {
		all = append(slices.Clone(at.command.flags), at.global...)
	}
	var list []candidate
	for _, f := range all {
		about := ""
		if d, ok := f.(cli.DocGenerationFlag); ok {
			about = strings.ReplaceAll(d.GetUsage(), "`", "")
		}
		list = append(list, candidate{"--" + f.Names()[0], about})
	}
	return list
}

// flagValues lists what a flag's value may be, given the words before it.
func (at *place) flagValues(f cli.Flag) []candidate {
	if f.Names()[0] == "how" && len(at.words) > 1 {
		return plain(fault.HowsOf(topology.Service(at.words[1])))
	}
	return plain(values(f.Names()[0]))
}

func plain(words []string) []candidate {
	var list []candidate
	for _, w := range words {
		list = append(list, candidate{word: w})
	}
	return list
}
