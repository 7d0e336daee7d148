package cli

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"halab/internal/app"
	"halab/internal/problem"
)

// arrange puts a command line into the order that urfave/cli reads: global
// flags, command, its flags, "--", arguments. Flags may so stand anywhere up to
// a "--"; each becomes "--name=value". A flag of the command comes before a
// global one of the same name. Unknown commands and flags are usage errors.
func arrange(specs []spec, args []string) ([]string, error) {
	a := &arrangement{level: specs, global: append(globalFlags(), cli.HelpFlag)}
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		if word == "--" {
			a.words = append(a.words, args...)
			break
		}
		if !strings.HasPrefix(word, "-") || word == "-" {
			if err := a.word(word); err != nil {
				return nil, err
			}
			continue
		}
		used, err := a.flag(word, args)
		if err != nil {
			return nil, err
		}
		args = args[used:]
	}
	return a.line(), nil
}

// arrangement is a command line, taken apart.
type arrangement struct {
	level   []spec // commands that a word may name now
	command *spec  // the command found, nil while there is none
	path    []string
	global  []cli.Flag
	before  []string // global flags
	after   []string // flags of the command
	words   []string // arguments
}

func (a *arrangement) line() []string {
	line := append(slices.Clone(a.before), a.path...)
	line = append(line, a.after...)
	if len(a.words) > 0 {
		line = append(append(line, "--"), a.words...)
	}
	return line
}

// word takes a word that is no flag: a command's name, or an argument.
func (a *arrangement) word(word string) error {
	if len(a.words) == 0 {
		for i, s := range a.level {
			if s.name == word {
				a.command, a.level = &a.level[i], s.sub
				a.path = append(a.path, word)
				return nil
			}
		}
	}
	if a.command == nil {
		return unknownCommand(word, a.level)
	}
	a.words = append(a.words, word)
	return nil
}

func unknownCommand(word string, level []spec) error {
	var names []string
	for _, s := range level {
		if !s.hidden {
			names = append(names, s.name)
		}
	}
	return app.AsUsage(problem.New("there is no command %q%s", word, didYouMean(word, names)).Cure("all commands: halab --help"))
}

// flag takes a flag and says how many of the following words are its value.
func (a *arrangement) flag(word string, next []string) (int, error) {
	name, value, hasValue := strings.Cut(strings.TrimLeft(word, "-"), "=")
	known, local := a.find(name)
	if known == nil {
		return 0, a.unknownFlag(word, name)
	}
	canonical := "--" + known.Names()[0]
	used := 0
	if _, isBool := known.(*cli.BoolFlag); isBool {
		if hasValue && value != "true" && value != "false" {
			return 0, usage("--%s is either given or not, it takes no value (found %q)", known.Names()[0], value)
		}
		if hasValue {
			canonical += "=" + value
		}
	} else {
		if !hasValue {
			if len(next) == 0 {
				return 0, usage("%s needs a value: %s%s", word, word, " "+valueName(known))
			}
			value, used = next[0], 1
		}
		if err := checkValue(known, value); err != nil {
			return 0, err
		}
		canonical += "=" + value
	}
	if local {
		a.after = append(a.after, canonical)
	} else {
		a.before = append(a.before, canonical)
	}
	return used, nil
}

// checkValue says what is wrong with a value that is not of its flag's type.
func checkValue(f cli.Flag, value string) error {
	var err error
	wants := ""
	switch f.(type) {
	case *cli.IntFlag, *cli.Int64Flag, *cli.UintFlag, *cli.Uint64Flag:
		wants = "a number"
		_, err = strconv.ParseInt(value, 10, 64)
	case *cli.Float64Flag:
		wants = "a number"
		_, err = strconv.ParseFloat(value, 64)
	case *cli.DurationFlag:
		wants = "a time such as 500ms, 30s or 2m"
		_, err = time.ParseDuration(value)
	}
	if err != nil {
		return usage("--%s cannot be %q: it is %s", f.Names()[0], value, wants)
	}
	return nil
}

// find looks a flag up: the command's own first, then the global ones. Help
// belongs to the command once there is one.
func (a *arrangement) find(name string) (flag cli.Flag, local bool) {
	if a.command != nil {
		for _, f := range append(slices.Clone(a.command.flags), cli.HelpFlag) {
			if slices.Contains(f.Names(), name) {
				return f, true
			}
		}
	}
	for _, f := range a.global {
		if slices.Contains(f.Names(), name) {
			return f, false
		}
	}
	return nil, false
}

func (a *arrangement) unknownFlag(word, name string) error {
	var known []string
	flags := a.global
	where := "halab"
	if a.command != nil {
		flags = append(slices.Clone(a.command.flags), a.global...)
		where += " " + strings.Join(a.path, " ")
	}
	for _, f := range flags {
		known = append(known, "--"+f.Names()[0])
	}
	flag, _, _ := strings.Cut(word, "=")
	p := problem.New("%s has no flag %s%s", where, flag, didYouMean("--"+name, known))
	if a.command != nil && a.command.rest != "" {
		p = p.Cure("a command's own flags go after two dashes: " + a.command.usageLine(where))
	}
	return app.AsUsage(p.Cure("all flags: " + where + " --help"))
}

// valueName is how help calls a flag's value.
func valueName(f cli.Flag) string {
	if d, ok := f.(cli.DocGenerationFlag); ok {
		if _, name, found := strings.Cut(d.GetUsage(), "`"); found {
			name, _, _ = strings.Cut(name, "`")
			return name
		}
	}
	return "VALUE"
}
