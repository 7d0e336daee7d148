// Package keepalivedconf reads keepalived.conf without loss: what was read can be
// written back byte for byte, and every word knows its line and column. It knows
// the form (blocks, quotes, comments, include, @id, $VAR, ~SEQ and ~LST), not
// what the keywords mean; that is in the package facts.
package keepalivedconf

import (
	"strings"

	"halab/internal/daemonconf/source"
)

// File is one file, as it stands.
type File struct {
	Name   string
	Tokens []Token
	Tail   string // what stands after the last word
}

// Token is a word or a brace.
type Token struct {
	source.Word
	First bool // it begins a line (one that a backslash continues is none)
	Brace byte // '{', '}' or 0
}

// String writes the file back.
func (f *File) String() string {
	var b strings.Builder
	for _, t := range f.Tokens {
		b.WriteString(t.Lead)
		b.WriteString(t.Raw)
	}
	b.WriteString(f.Tail)
	return b.String()
}

// Block is a keyword with its words and, where braces follow, what they hold.
type Block struct {
	Words  []source.Word
	Braces bool
	Inner  []*Block
	End    source.Pos // of the closing brace
}

// Name is the keyword.
func (b *Block) Name() string { return b.Words[0].Text }

// At is where the keyword stands.
func (b *Block) At() source.Pos { return b.Words[0].Pos }

// Word gives the i-th word, "" where there are fewer.
func (b *Block) Word(i int) string {
	if i < len(b.Words) {
		return b.Words[i].Text
	}
	return ""
}

// Find gives the last inner block with a name: keepalived lets a later line win.
func (b *Block) Find(name string) *Block {
	var found *Block
	for _, in := range b.Inner {
		if in.Name() == name {
			found = in
		}
	}
	return found
}

// Tokenize cuts a file into words and braces. Nothing makes it fail: keepalived
// itself goes on over anything.
func Tokenize(name, text string) *File {
	f := &File{Name: name}
	c := source.NewCursor(name, text)
	start, first := 0, true
	for {
		first = space(c) || first
		if c.Done() {
			f.Tail = text[start:]
			return f
		}
		t := Token{First: first}
		t.Pos, t.Lead = c.Pos(), text[start:c.At]
		read(c, &t)
		f.Tokens = append(f.Tokens, t)
		start, first = c.At, false
	}
}

// space steps over what stands between words, and says whether a line ended. A
// backslash at the end of a line continues it.
func space(c *source.Cursor) (ended bool) {
	for !c.Done() {
		switch b := c.Peek(0); {
		case b == '\n':
			ended = true
			c.Next()
		case b == ' ' || b == '\t' || b == '\r' || b == '\f' || b == '\v':
			c.Next()
		case b == '\\' && c.Peek(1) == '\n':
			c.Next()
			c.Next()
		case b == '#' || b == '!':
			c.ToLineEnd()
		default:
			return ended
		}
	}
	return true
}

// read reads one word or brace: `"a b"`, `VI_1`, `~SEQ(i, 1, 9)`. Braces stand
// for themselves wherever they are, but for those of ${NAME} and of ~LST.
func read(c *source.Cursor, t *Token) {
	from := c.At
	if b := c.Peek(0); b == '{' || b == '}' {
		t.Brace = b
		c.Next()
		t.Raw, t.Text = c.Text[from:c.At], c.Text[from:c.At]
		return
	}
	var text strings.Builder
	quote, parentheses := byte(0), 0
	generator := strings.HasPrefix(c.Text[from:], "~SEQ(") || strings.HasPrefix(c.Text[from:], "~LST(")
	for !c.Done() && c.Peek(0) != '\n' {
		b := c.Peek(0)
		if quote == 0 && parentheses == 0 && (strings.IndexByte(" \t\r\f\v#!{}", b) >= 0) {
			break
		}
		switch {
		case b == quote && quote != 0:
			quote = 0
			c.Next()
			continue
		case quote == 0 && (b == '"' || b == '\'' && c.At == from && closes(c)):
			quote, t.Quoted = b, true
			c.Next()
			continue
		case b == '\\' && c.Peek(1) == '\n':
			if quote == 0 {
				t.Raw, t.Text = c.Text[from:c.At], text.String()
				return
			}
			c.Next()
			c.Next()
			continue
		case b == '\\' && (c.Peek(1) == '#' || c.Peek(1) == '!') && quote == 0:
			c.Next()
		case b == '\\' && quote == '"' && c.Peek(1) == '"':
			c.Next()
		case b == '$' && c.Peek(1) == '{' && quote == 0:
			for c.Peek(0) != '}' && c.Peek(0) != '\n' && c.Peek(0) != ' ' && !c.Done() {
				text.WriteByte(c.Next())
			}
			if c.Peek(0) != '}' {
				continue
			}
		case generator && b == '(':
			parentheses++
		case generator && b == ')' && parentheses > 0:
			parentheses--
		}
		text.WriteByte(c.Next())
	}
	t.Raw, t.Text = c.Text[from:c.At], text.String()
}

// closes says whether a single quote that opens here closes on its line: an
// apostrophe in a text opens nothing.
func closes(c *source.Cursor) bool {
	line, _, _ := strings.Cut(c.Text[c.At+1:], "\n")
	return strings.IndexByte(line, '\'') >= 0
}
