package cli

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// selection is what another halab needs on its command line to work on the same
// lab: what was given here and not by the environment, which it reads itself.
type selection struct {
	find []string // the words by which any command finds the lab
	form []string // those that up needs as well, to leave it as it is
}

func (p *program) selection(s settings) selection {
	var sel selection
	for _, c := range s.choices() {
		standard := c.flag.Value
		for _, variable := range c.flag.EnvVars {
			standard = cmp.Or(p.env(variable), standard)
		}
		switch {
		case c.value == standard:
		case c.flag.Name == "name", c.flag.Name == "host":
			sel.find = append(sel.find, "--"+c.flag.Name, quoted(c.value))
		default:
			sel.form = append(sel.form, "--"+c.flag.Name, quoted(c.value))
		}
	}
	for _, file := range s.Files {
		sel.find = append(sel.find, "--file", quoted(file))
	}
	return sel
}

var unquoted = regexp.MustCompile(`^[\w./:@%+,=~-]+$`)

// quoted is a word as a shell takes it.
func quoted(word string) string {
	if unquoted.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// command is what a cure says to run, for the lab that halab worked on: "halab up"
// is "halab up --name two" after "halab status --name two". One that names a lab
// itself, and one that is not halab's, stays.
func (sel selection) command(run string) string {
	words := strings.Split(run, " ")
	if len(words) < 2 || words[0] != "halab" || strings.HasPrefix(words[1], "-") || slices.Contains(words, "--name") {
		return run
	}
	own := sel.find
	if words[1] == "up" {
		own = slices.Concat(sel.find, sel.form)
	}
	same := slices.Clone(words[:2])
	for flag := range slices.Chunk(own, 2) { // and its value
		if !slices.Contains(words, flag[0]) { // "halab up --subnet OTHER" moves it there
			same = append(same, flag...)
		}
	}
	return strings.Join(append(same, words[2:]...), " ")
}

// selectedError is an error of a command that worked on a lab.
type selectedError struct {
	error
	selection selection
}

func (e *selectedError) Unwrap() error { return e.error }
