package haproxyconf

import (
	"strings"

	"halab/internal/daemonconf/source"
)

// readLine reads up to and with the next line end.
//
// A line is `server a "192.0.2.1:80" check  # note`: words with spaces between
// them. '…' keeps all as it is; "…" keeps spaces and puts environment variables
// in; a backslash takes its meaning from the next character (configuration
// manual, 2.2). A line has no continuation.
func readLine(c *source.Cursor, env func(string) (string, bool)) (Line, error) {
	var line Line
	start := c.At
	for {
		for c.Peek(0) == ' ' || c.Peek(0) == '\t' || c.Peek(0) == '\r' {
			c.Next()
		}
		b := c.Peek(0)
		if c.Done() || b == '\n' || b == '#' {
			c.ToLineEnd()
			if !c.Done() {
				c.Next()
			}
			line.Tail = c.Text[start:c.At]
			return line, nil
		}
		w := reader{c: c, env: env, word: source.Word{Pos: c.Pos(), Lead: c.Text[start:c.At]}}
		if err := w.read(); err != nil {
			return line, err
		}
		line.Words = append(line.Words, w.word)
		start = c.At
	}
}

// reader reads one word.
type reader struct {
	c    *source.Cursor
	env  func(string) (string, bool)
	word source.Word
	text strings.Builder
}

func (r *reader) read() error {
	from := r.c.At
	quote := byte(0)
	for !r.c.Done() {
		b := r.c.Peek(0)
		if b == '\n' || quote == 0 && (b == ' ' || b == '\t' || b == '#' || b == '\r' && r.c.Peek(1) == '\n') {
			break
		}
		switch {
		case b == quote && quote != 0:
			quote = 0
			r.c.Next()
		case quote == 0 && (b == '"' || b == '\''):
			quote, r.word.Quoted = b, true
			r.c.Next()
		case b == '\\' && quote != '\'':
			r.escape(quote)
		case b == '$' && quote == '"':
			r.variable()
		default:
			r.text.WriteByte(r.c.Next())
		}
	}
	if quote != 0 {
		return source.Errorf(r.word.Pos, "the quote %c is not closed on its line: HAProxy refuses the file", quote)
	}
	r.word.Raw, r.word.Text = r.c.Text[from:r.c.At], r.text.String()
	return nil
}

// escape reads a backslash and what it takes. Before a character without a
// meaning of its own the backslash stays.
func (r *reader) escape(quote byte) {
	r.c.Next()
	if r.c.Done() || r.c.Peek(0) == '\n' || r.c.Peek(0) == '\r' {
		r.text.WriteByte('\\')
		return
	}
	b := r.c.Next()
	switch {
	case b == 'n':
		r.text.WriteByte('\n')
	case b == 't':
		r.text.WriteByte('\t')
	case b == 'r':
		r.text.WriteByte('\r')
	case b == 'x' && hex(r.c.Peek(0)) >= 0 && hex(r.c.Peek(1)) >= 0:
		r.text.WriteByte(byte(hex(r.c.Next())<<4 | hex(r.c.Next())))
	case b == '\\' || b == '"' || b == ' ' || b == '#' || b == '\'' && quote == 0 || b == '$' && quote == '"':
		r.text.WriteByte(b)
	default:
		r.text.WriteByte('\\')
		r.text.WriteByte(b)
	}
}

// variable reads $NAME, ${NAME} or ${NAME-default}. One whose value is not known
// stays as it is written.
func (r *reader) variable() {
	from := r.c.At
	r.c.Next()
	braces := r.c.Peek(0) == '{'
	if braces {
		r.c.Next()
	}
	name := r.c.At
	for isName(r.c.Peek(0)) {
		r.c.Next()
	}
	key := r.c.Text[name:r.c.At]
	silent, hasSilent := "", false
	if braces {
		for !r.c.Done() && r.c.Peek(0) != '}' && r.c.Peek(0) != '"' && r.c.Peek(0) != '\n' {
			b := r.c.Next()
			if b == '-' && !hasSilent {
				hasSilent = true
				continue
			}
			silent += string(b)
		}
		if r.c.Peek(0) == '}' {
			r.c.Next()
		}
	}
	if r.env != nil && key != "" {
		if value, ok := r.env(key); ok {
			r.text.WriteString(value)
			return
		}
	}
	if hasSilent {
		r.text.WriteString(silent)
		return
	}
	r.text.WriteString(r.c.Text[from:r.c.At])
}

func isName(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

func hex(b byte) int {
	switch {
	case b >= '0' && b <= '9':
		return int(b - '0')
	case b >= 'a' && b <= 'f':
		return int(b-'a') + 10
	case b >= 'A' && b <= 'F':
		return int(b-'A') + 10
	}
	return -1
}
