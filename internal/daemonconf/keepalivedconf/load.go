package keepalivedconf

import (
	"strings"

	"halab/internal/daemonconf/source"
)

// Bounds of what is read. A configuration that includes itself ends here.
const (
	maxIncludes = 16   // inside each other
	maxFiles    = 512  // in all
	maxBraces   = 32   // inside each other
	maxWork     = 2e5  // words and tens of bytes, with what ~SEQ and variables make
	maxRepeat   = 4096 // of one ~SEQ or ~LST
)

// Options say how a configuration is read.
type Options struct {
	ID   string // config id: the host name up to its first dot
	Open func(name string) (string, error)
	// Glob finds what an include line names, seen from the file it stands in.
	Glob func(from, pattern string) []string
	Show func(name string) string // a file's name as it is printed
}

// Config is everything that one keepalived reads.
type Config struct {
	Root    *Block
	Files   []*File
	Missing []*Block // include lines that find no file
	Loose   []source.Pos
}

// Load reads a configuration with all that it includes.
func Load(name string, o Options) (*Config, error) {
	l := &loader{Options: o, config: &Config{Root: &Block{Braces: true}}, variables: map[string][]Token{}}
	l.open = []*Block{l.config.Root}
	if err := l.file(name, 0); err != nil {
		return nil, err
	}
	if l.work > maxWork {
		return nil, l.tooMuch(source.Pos{File: l.Show(name)})
	}
	if n := len(l.open); n > 1 {
		b := l.open[n-1]
		return nil, source.Errorf(b.At(), "the block %s that begins here is not closed: a } is missing", b.Name())
	}
	return l.config, nil
}

// loader builds the tree while it reads.
type loader struct {
	Options
	config    *Config
	variables map[string][]Token
	open      []*Block // blocks that are not closed yet
	last      *Block   // the statement before, to which a { belongs
	work      int      // what was made so far, towards maxWork
}

func (l *loader) tooMuch(at source.Pos) error {
	return source.Errorf(at, "more than %d words, counting what variables, ~SEQ and ~LST make", int(maxWork))
}

func (l *loader) file(name string, depth int) error {
	text, err := l.Open(name)
	if err != nil {
		return err
	}
	f := Tokenize(l.Show(name), text)
	l.config.Files = append(l.config.Files, f)
	if len(l.config.Files) > maxFiles {
		return source.Errorf(source.Pos{File: f.Name}, "more than %d files are included", maxFiles)
	}
	for rest := f.Tokens; len(rest) > 0; {
		n := 1
		for n < len(rest) && !rest[n].First {
			n++
		}
		if err := l.line(name, rest[:n], depth); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// line takes what stands on one line.
func (l *loader) line(file string, tokens []Token, depth int) error {
	if l.work += len(tokens); l.work > maxWork {
		return l.tooMuch(tokens[0].Pos)
	}
	head := tokens[0].Text
	switch {
	case len(head) > 1 && head[0] == '@' && tokens[0].Brace == 0:
		id, other := strings.CutPrefix(head[1:], "^")
		if (id == l.ID) == other || len(tokens) == 1 {
			return nil
		}
		return l.line(file, tokens[1:], depth)
	case strings.HasPrefix(head, "~SEQ(") || strings.HasPrefix(head, "~LST("):
		return l.generate(file, tokens, depth)
	case l.define(tokens):
		return nil
	}
	tokens = l.substitute(tokens)
	if len(tokens) == 0 {
		return nil
	}
	if isInclude(tokens[0]) && len(tokens) > 1 {
		return l.include(file, tokens, depth)
	}
	return l.statements(tokens)
}

// isInclude knows include and its forms of 2.2 and later (includer: must be
// readable, includem: must match, and so on).
func isInclude(t Token) bool {
	switch t.Text {
	case "include", "includer", "includem", "includew", "includeb", "includea":
		return !t.Quoted
	}
	return false
}

func (l *loader) include(from string, tokens []Token, depth int) error {
	l.last = nil
	if depth >= maxIncludes {
		return source.Errorf(tokens[0].Pos, "includes go more than %d deep: does a file include itself?", maxIncludes)
	}
	names := l.Glob(from, tokens[1].Text)
	if len(names) == 0 {
		l.config.Missing = append(l.config.Missing, &Block{Words: []source.Word{tokens[0].Word, tokens[1].Word}})
	}
	for _, name := range names {
		if err := l.file(name, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// statements builds blocks of a line's tokens. A { on a line of its own belongs
// to the statement before.
func (l *loader) statements(tokens []Token) error {
	for i := 0; i < len(tokens); {
		t := tokens[i]
		switch t.Brace {
		case '{':
			if l.last == nil {
				l.last = &Block{Words: []source.Word{t.Word}}
				l.top().Inner = append(l.top().Inner, l.last)
				l.config.Loose = append(l.config.Loose, t.Pos)
			}
			if len(l.open) > maxBraces {
				return source.Errorf(t.Pos, "braces go more than %d deep", maxBraces)
			}
			l.last.Braces = true
			l.open, l.last = append(l.open, l.last), nil
			i++
		case '}':
			l.last = nil
			if len(l.open) == 1 {
				l.config.Loose = append(l.config.Loose, t.Pos)
			} else {
				l.top().End = t.Pos
				l.open = l.open[:len(l.open)-1]
			}
			i++
		default:
			b := &Block{}
			for ; i < len(tokens) && tokens[i].Brace == 0; i++ {
				b.Words = append(b.Words, tokens[i].Word)
			}
			l.top().Inner = append(l.top().Inner, b)
			l.last = b
		}
	}
	return nil
}

func (l *loader) top() *Block { return l.open[len(l.open)-1] }
