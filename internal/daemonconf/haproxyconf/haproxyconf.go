// Package haproxyconf reads haproxy.cfg without loss: what was read can be
// written back byte for byte, and every word knows its line and column. It knows
// the form of the file (lines, quotes, escapes, sections, .if), not what the
// keywords mean; that is in the package facts.
package haproxyconf

import (
	"strings"

	"halab/internal/daemonconf/source"
)

// File is a haproxy.cfg.
type File struct {
	Name     string
	Lines    []Line
	Sections []Section
}

// Line is one line: its words, then what is left of it.
type Line struct {
	Words []source.Word
	Tail  string // spaces, comment and line end after the last word
	// Dropped says that an .if that is known to be false leaves it out.
	Dropped bool
}

// Section is a section's head and the lines that belong to it. Lines before the
// first section have a section without a head.
type Section struct {
	Head  *Line
	Lines []*Line
}

// Kind is the section's keyword, for instance "frontend".
func (s Section) Kind() string {
	if s.Head == nil {
		return ""
	}
	return s.Head.Word(0)
}

// Name is what stands after the keyword.
func (s Section) Name() string {
	if s.Head == nil {
		return ""
	}
	return s.Head.Word(1)
}

// Word gives the i-th word, "" where there are fewer.
func (l *Line) Word(i int) string {
	if i < len(l.Words) {
		return l.Words[i].Text
	}
	return ""
}

// At is where the line's first word stands.
func (l *Line) At() source.Pos { return l.Words[0].Pos }

// String writes the file back.
func (f *File) String() string {
	var b strings.Builder
	for _, l := range f.Lines {
		for _, w := range l.Words {
			b.WriteString(w.Lead)
			b.WriteString(w.Raw)
		}
		b.WriteString(l.Tail)
	}
	return b.String()
}

// isSection lists the keywords that begin a section (configuration manual,
// chapters 3, 4, 5.3, 6, 10 and 11).
func isSection(word string) bool {
	switch word {
	case "global", "defaults", "frontend", "backend", "listen", "peers", "resolvers", "userlist",
		"mailers", "cache", "ring", "http-errors", "program", "fcgi-app", "crt-store", "log-forward",
		"log-profile", "traces", "acme", "ruleset":
		return true
	}
	return false
}

// Version is a daemon's version, for .if and for what the words mean.
type Version interface{ AtLeast(text string) bool }

// Parse reads a file. An error says that it is no haproxy.cfg at all, or that a
// quote is not closed; words that nobody knows are no error here. env gives the
// environment's variables; nil: none is known.
func Parse(name, text string, version Version, env func(string) (string, bool)) (*File, error) {
	f := &File{Name: name}
	c := source.NewCursor(name, text)
	for !c.Done() {
		line, err := readLine(c, env)
		if err != nil {
			return nil, err
		}
		f.Lines = append(f.Lines, line)
	}
	if err := f.conditions(version, env); err != nil {
		return nil, err
	}
	f.split()
	return f, nil
}

// split gathers the lines by section.
func (f *File) split() {
	current := Section{}
	for i := range f.Lines {
		l := &f.Lines[i]
		switch {
		case len(l.Words) == 0 || l.Dropped || strings.HasPrefix(l.Word(0), "."):
		case isSection(l.Word(0)) && !l.Words[0].Quoted:
			if current.Head != nil || len(current.Lines) > 0 {
				f.Sections = append(f.Sections, current)
			}
			current = Section{Head: l}
		default:
			current.Lines = append(current.Lines, l)
		}
	}
	if current.Head != nil || len(current.Lines) > 0 {
		f.Sections = append(f.Sections, current)
	}
}
