package adapt

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// sample makes a text that a regular expression fits: "+OK" for ^\+OK. HAProxy's
// expressions are PCRE; what Go's don't know (look-ahead, back references) can't
// be met.
func sample(pattern string) (string, error) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", fmt.Errorf("the expression %s is not understood: %w", pattern, err)
	}
	var b strings.Builder
	write(&b, tree.Simplify())
	if fits, err := regexp.MatchString(pattern, b.String()); err != nil || !fits {
		return "", fmt.Errorf("no text was found that fits the expression %s", pattern)
	}
	return b.String(), nil
}

// write writes the shortest text that a part of an expression takes, as it comes.
func write(b *strings.Builder, r *syntax.Regexp) {
	switch r.Op {
	case syntax.OpLiteral:
		for _, c := range r.Rune {
			b.WriteRune(c)
		}
	case syntax.OpCharClass:
		b.WriteRune(oneOf(r.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('x')
	case syntax.OpAlternate:
		write(b, r.Sub[0])
	case syntax.OpConcat, syntax.OpCapture, syntax.OpPlus:
		for _, sub := range r.Sub {
			write(b, sub)
		}
	case syntax.OpRepeat:
		for range r.Min {
			write(b, r.Sub[0])
		}
	}
}

// oneOf chooses a character of a class, given as pairs of first and last: one that
// can be read where there is one.
func oneOf(pairs []rune) rune {
	for _, want := range "0ax A-+" {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] <= want && want <= pairs[i+1] {
				return want
			}
		}
	}
	if len(pairs) == 0 {
		return 'x'
	}
	return pairs[0]
}
