// Package problem has the one type for what is wrong: what was found, why that
// can't work, and what to do about it.
//
// A cure is data and no part of the error's text. "frontend-01 has no haproxy
// container: it was removed" may be wrapped by whoever carries it on, told in a
// line of the story, or kept in a result; what to run against it, "halab up", is
// still whole at the end, where cli adds the words that find the same lab and
// --json gives it as it is.
package problem

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong. It is an error.
type Problem struct {
	What  string `json:"what"`            // what was found
	Why   string `json:"why,omitempty"`   // why that can't work
	Cures []Cure `json:"cures,omitempty"` // what to do: all of them, or one of them, as they say

	cause error // nil, or what it was made of: its text stands in What
}

// Cure is one thing to do.
type Cure struct {
	Do  string   `json:"do"`            // in words: restore it first
	Run []string `json:"run,omitempty"` // the commands that do it, one after the other
}

// New makes a problem of what was found, formatted as by fmt.Errorf: an error that
// is wrapped by %w gives it its kind, and its cures stand before those of the new one.
func New(format string, args ...any) *Problem {
	cause := fmt.Errorf(format, args...)
	return &Problem{What: cause.Error(), cause: cause}
}

// Because adds why that can't work.
func (p *Problem) Because(why string) *Problem {
	p.Why = why
	return p
}

// Cure adds what to do, in words, and the commands that do it, where there are some.
func (p *Problem) Cure(do string, run ...string) *Problem {
	p.Cures = append(p.Cures, Cure{Do: do, Run: run})
	return p
}

// Error is what was found and why it can't work, without the cures.
func (p *Problem) Error() string {
	if p.Why == "" {
		return p.What
	}
	return p.What + ": " + p.Why
}

// Line is the problem in one line, with its cures, for a story: what: why; cure.
func (p *Problem) Line() string {
	line := p.Error()
	for _, c := range p.Cures {
		line += "; " + c.String()
	}
	return line
}

// Unwrap is what the problem was made of.
func (p *Problem) Unwrap() error { return p.cause }

// List is several problems at once, as one error.
type List []*Problem

// Error is one line a problem.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, p := range l {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives each of them.
func (l List) Unwrap() []error {
	all := make([]error, len(l))
	for i, p := range l {
		all[i] = p
	}
	return all
}

// Of is what an error says is wrong: each of its parts where it has several, as
// those of errors.Join, with every cure that was given on the way.
func Of(err error) List {
	if err == nil {
		return nil
	}
	if parts := parts(err); parts != nil {
		var all List
		for _, part := range parts {
			all = append(all, Of(part)...)
		}
		return all
	}
	return List{From(err)}
}

// From is an error as one problem, as an agent answers with it.
func From(err error) *Problem {
	p := &Problem{What: err.Error(), Cures: Cures(err), cause: err}
	var own *Problem
	if errors.As(err, &own) && own.Error() == p.What {
		p.What, p.Why = own.What, own.Why
	}
	return p
}

// parts takes an error that only lists others, each with a line of its own, into
// those; nil where it says something itself, as "a: b" does.
func parts(err error) []error {
	switch wrapper := err.(type) {
	case interface{ Unwrap() []error }:
		list := wrapper.Unwrap()
		lines := make([]string, len(list))
		for i, e := range list {
			lines[i] = e.Error()
		}
		if err.Error() == strings.Join(lines, "\n") {
			return list
		}
	case interface{ Unwrap() error }:
		if inner := wrapper.Unwrap(); inner != nil && inner.Error() == err.Error() {
			return parts(inner)
		}
	}
	return nil
}

// Cures are what an error, and all that it was made of, say is to be done: the
// cause's first, each once.
func Cures(err error) []Cure {
	var all []Cure
	switch wrapper := err.(type) {
	case interface{ Unwrap() []error }:
		for _, inner := range wrapper.Unwrap() {
			all = append(all, Cures(inner)...)
		}
	case interface{ Unwrap() error }:
		all = Cures(wrapper.Unwrap())
	}
	if p, is := err.(*Problem); is {
		all = append(all, p.Cures...)
	}
	var once []Cure
	for _, c := range all {
		if !slices.ContainsFunc(once, c.equals) {
			once = append(once, c)
		}
	}
	return once
}

func (c Cure) equals(other Cure) bool { return c.Do == other.Do && slices.Equal(c.Run, other.Run) }

// String is the cure in a line: make it anew:  halab down, then halab up.
func (c Cure) String() string {
	if len(c.Run) == 0 {
		return c.Do
	}
	if strings.HasSuffix(c.Do, "?") {
		return c.Do + "  " + strings.Join(c.Run, ", then ")
	}
	return c.Do + ":  " + strings.Join(c.Run, ", then ")
}

// With is the list with each command as address makes it: for the same lab.
func (l List) With(address func(command string) string) List {
	all := make(List, len(l))
	for i, p := range l {
		changed := *p
		changed.Cures = slices.Clone(p.Cures)
		for at, c := range changed.Cures {
			c.Run = slices.Clone(c.Run)
			for n, command := range c.Run {
				c.Run[n] = address(command)
			}
			changed.Cures[at] = c
		}
		all[i] = &changed
	}
	return all
}

// Text is each problem with its cures below it.
func (l List) Text() string {
	var lines []string
	for _, p := range l {
		lines = append(lines, strings.TrimRight(p.Error(), "\n"))
		for _, c := range p.Cures {
			lines = append(lines, "  "+c.String())
		}
	}
	return strings.Join(lines, "\n")
}
