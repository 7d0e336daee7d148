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

	"halab/internal/agentapi"
	"halab/internal/drill"
	"halab/internal/outage"
	"halab/internal/topology"
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
		all = flagValues(at.flag)
	case strings.HasPrefix(last, "-") && cut:
		if f, _ := at.find(strings.TrimLeft(flag, "-")); f != nil {
			all, prefix, last = flagValues(f), flag+"=", value
		}
	case strings.HasPrefix(last, "-"):
		all = at.flags()
	default:
		all = p.arguments(ctx, at)
	}
	var fits []candidate
	for _, c := range all {
		if strings.HasPrefix(c.word, last) {
			fits = append(fits, candidate{prefix + c.word, c.about})
		}
	}
	return fits
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

func flagValues(f cli.Flag) []candidate { return plain(values(f.Names()[0])) }

func plain(words []string) []candidate {
	var list []candidate
	for _, w := range words {
		list = append(list, candidate{word: w})
	}
	return list
}

// arguments lists what the next argument of a command may be.
func (p *program) arguments(ctx context.Context, at *place) []candidate {
	if at.command == nil || len(at.command.sub) > 0 && len(at.words) == 0 {
		return commandNames(at.level)
	}
	place := len(at.words)
	if at.command.takesMany() {
		place = min(place, len(at.command.args)-1)
	}
	if place >= len(at.command.args) {
		return nil
	}
	switch at.command.args[place].kind {
	case aService:
		return plain([]string{"app", "haproxy", "keepalived", "node"})
	case aDaemon:
		return plain([]string{"haproxy", "keepalived"})
	case aShell:
		return plain(shells())
	case aCommand:
		return commandNames(p.commands())
	case aPath:
		return plain([]string{"/frontend", "/haproxy-alive", "/healthz", "/"})
	case aTarget, aCluster, aNode:
		return p.targets(ctx, at)
	case aFault:
		return faultWords(at.words)
	case aFaultArg:
		if words := faultArgs(at.words[1:]); words != nil {
			return words
		}
		if at.words[1] == agentapi.FaultPartition {
			return append(p.targets(ctx, at), candidate{"client", "where requests are made"})
		}
	case aScenario:
		return p.scenarioNames(ctx, at)
	}
	return nil
}

// scenarioNames lists what a drill can be asked for: scenarios, their kinds,
// and clusters.
func (p *program) scenarioNames(ctx context.Context, at *place) []candidate {
	var clusters []string
	list := []candidate{{string(outage.KindCalibrate), "measure the measurement"}}
	if l := p.knownLab(ctx, at); l != nil {
		for _, c := range l.Clusters {
			clusters = append(clusters, c.Name)
			list = append(list, candidate{c.Name, "all scenarios of the cluster"})
		}
	}
	kinds := map[string]bool{}
	for _, s := range drill.Scenarios(clusters) {
		if kind := string(s.Kind); !kinds[kind] {
			kinds[kind] = true
			list = append(list, candidate{kind, "for every cluster"})
		}
		list = append(list, candidate{s.Name, s.Description})
	}
	return list
}

func commandNames(specs []spec) []candidate {
	var list []candidate
	for _, s := range specs {
		if !s.hidden {
			list = append(list, candidate{s.name, s.summary})
		}
	}
	return list
}

// targets lists names of the lab: of the running one where it can be asked in
// time, otherwise of the description.
func (p *program) targets(ctx context.Context, at *place) []candidate {
	l := p.knownLab(ctx, at)
	if l == nil {
		return nil
	}
	kind, command := at.command.args[min(len(at.words), len(at.command.args)-1)].kind, at.command.name
	if kind == aFaultArg {
		kind = aTarget // the other side of a partition
	}
	var list []candidate
	for _, c := range l.Clusters {
		if kind != aNode {
			list = append(list, candidate{c.Name, "cluster"})
		}
		if kind == aTarget {
			list = append(list, candidate{c.VIP.Name, "holder of the VIP " + c.VIP.Address.String()})
		}
		for _, n := range c.Nodes {
			if kind != aCluster && (command != "switch" || len(at.words) == 0 || at.words[0] == c.Name) {
				list = append(list, candidate{n.Name, "node of " + c.Name})
			}
		}
	}
	if command == "shell" || command == "logs" {
		list = append(list, candidate{"client", "where requests are made"})
	}
	return list
}

// knownLab reads the lab that the global flags before the word name.
func (p *program) knownLab(ctx context.Context, at *place) *topology.Lab {
	in := &input{settings: settings{name: topology.DefaultName}}
	if name := p.env("HALAB_NAME"); name != "" {
		in.name = name
	}
	for _, f := range at.before {
		if name, ok := strings.CutPrefix(f, "--name="); ok {
			in.name = name
		}
		if host, ok := strings.CutPrefix(f, "--host="); ok {
			in.host = host
		}
	}
	if s, err := p.session(ctx, in); err == nil {
		defer s.close()
		if st, err := s.lab.Status(ctx); err == nil && len(st.Clusters) > 0 {
			return st.Topology()
		}
	}
	return p.described(context.WithoutCancel(ctx), in.settings)
}
