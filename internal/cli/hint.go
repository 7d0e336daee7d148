package cli

import (
	"cmp"
	"regexp"
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

var (
	hint    = regexp.MustCompile(`  halab [a-z].*`) // two spaces set apart what is to be run
	command = regexp.MustCompile(`\bhalab [a-z]+`)
)

// addressed adds to the commands that a text tells to run what they need to work
// on the same lab.
func (sel selection) addressed(text string) string {
	return hint.ReplaceAllStringFunc(text, func(h string) string {
		return command.ReplaceAllStringFunc(h, func(c string) string {
			words := append([]string{c}, sel.find...)
			if c == "halab up" {
				words = append(words, sel.form...)
			}
			return strings.Join(words, " ")
		})
	})
}

// addressedError is an error whose hints find the lab.
type addressedError struct {
	error
	selection selection
}

func (e *addressedError) Error() string { return e.selection.addressed(e.error.Error()) }

func (e *addressedError) Unwrap() error { return e.error }
