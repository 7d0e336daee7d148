// Package source is what the readers of both daemons' files share: words that
// know where they stand, and the one way by which files are read. Nothing is
// executed and nothing outside of the folder that was handed in is opened.
package source

import (
	"fmt"
	"strings"
)

// Pos is a place in a file; lines and columns count from 1, columns in bytes.
type Pos struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Col  int    `json:"col"`
}

// String is file:line:col, as editors take it.
func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col) }

// Known says whether the place is one at all.
func (p Pos) Known() bool { return p.Line > 0 }

// Word is one word of a configuration. Lead and Raw, word after word, are the
// file's own bytes.
type Word struct {
	Pos
	Lead   string // what stands before it: spaces, line ends, comments
	Raw    string // as it stands in the file
	Text   string // what the daemon reads: without quotes, escapes done
	Quoted bool   // some of it stood in quotes
}

// Texts gives what the daemon reads of some words.
func Texts(words []Word) []string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = w.Text
	}
	return list
}

// Join is some words with a space between them.
func Join(words []Word) string { return strings.Join(Texts(words), " ") }

// Cursor walks over a text and knows the line and column.
type Cursor struct {
	Name string
	Text string
	At   int // offset
	line int
	from int // offset where the line begins
}

// NewCursor begins at a text's first byte.
func NewCursor(name, text string) *Cursor { return &Cursor{Name: name, Text: text, line: 1} }

// Done says whether the text is at its end.
func (c *Cursor) Done() bool { return c.At >= len(c.Text) }

// Peek gives the byte that is n further on, 0 behind the end.
func (c *Cursor) Peek(n int) byte {
	if c.At+n >= len(c.Text) {
		return 0
	}
	return c.Text[c.At+n]
}

// Next steps over a byte and gives it.
func (c *Cursor) Next() byte {
	b := c.Text[c.At]
	c.At++
	if b == '\n' {
		c.line++
		c.from = c.At
	}
	return b
}

// Pos is where the next byte stands.
func (c *Cursor) Pos() Pos { return Pos{File: c.Name, Line: c.line, Col: c.At - c.from + 1} }

// ToLineEnd steps up to the next line end, not over it.
func (c *Cursor) ToLineEnd() {
	if n := strings.IndexByte(c.Text[c.At:], '\n'); n >= 0 {
		c.At += n
		return
	}
	c.At = len(c.Text)
}
