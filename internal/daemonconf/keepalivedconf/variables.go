package keepalivedconf

import (
	"strconv"
	"strings"

	"halab/internal/daemonconf/source"
)

// define takes a line "$NAME=value", whose value may be several words and even a
// block, continued by backslashes.
func (l *loader) define(tokens []Token) bool {
	head := tokens[0].Text
	if len(head) < 2 || head[0] != '$' || tokens[0].Quoted && !strings.HasPrefix(tokens[0].Raw, "$") {
		return false
	}
	name, value, ok := strings.Cut(head[1:], "=")
	if !ok || !isName(name) {
		return false
	}
	var list []Token
	if value != "" || len(tokens) == 1 {
		first := tokens[0]
		first.Text = value
		list = append(list, first)
	}
	l.variables[name] = l.substitute(append(list, tokens[1:]...))
	return true
}

func isName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// substitute puts variables in. A word that is a variable and nothing else may
// become several words; they stand where the variable stood.
func (l *loader) substitute(tokens []Token) []Token {
	plain := true
	for _, t := range tokens {
		plain = plain && !strings.Contains(t.Text, "$")
	}
	if plain || len(l.variables) == 0 {
		return tokens
	}
	var out []Token
	for _, t := range tokens {
		// Variables that are made of variables double with each line.
		if l.work += 1 + len(t.Text)/10; l.work > maxWork {
			return tokens
		}
		name := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(t.Text, "$"), "{"), "}")
		if value, ok := l.variables[name]; ok && strings.HasPrefix(t.Text, "$") && !t.Quoted {
			l.work += len(value)
			for _, v := range value {
				v.Pos, v.First = t.Pos, false
				out = append(out, v)
			}
			continue
		}
		t.Text = replace(t.Text, func(name string) (string, bool) {
			value, ok := l.variables[name]
			var words []source.Word
			for _, v := range value {
				words = append(words, v.Word)
			}
			return source.Join(words), ok
		})
		l.work += len(t.Text) / 10
		out = append(out, t)
	}
	return out
}

// replace puts in the value of each $NAME and ${NAME} that has one.
func replace(text string, value func(name string) (string, bool)) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(text, '$')
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:i])
		text = text[i:]
		end, name := 1, ""
		if strings.HasPrefix(text, "${") {
			if n := strings.IndexByte(text, '}'); n > 0 {
				end, name = n+1, text[2:n]
			}
		} else {
			for end < len(text) && isName(text[end:end+1]) {
				end++
			}
			name = text[1:end]
		}
		if v, ok := value(name); ok && name != "" {
			b.WriteString(v)
		} else {
			b.WriteString(text[:end])
		}
		text = text[end:]
	}
}

// generate repeats a line: ~SEQ(name, from, step, to) counts (step and from may
// be left out), ~LST(name, a, b, …) takes a list's values. The name's value is
// $name in the rest of the line.
func (l *loader) generate(file string, tokens []Token, depth int) error {
	head := tokens[0]
	if len(tokens) == 1 {
		return nil
	}
	kind, inside, _ := strings.Cut(strings.TrimSuffix(head.Text, ")"), "(")
	args := strings.FieldsFunc(inside, func(r rune) bool { return r == ',' || r == ' ' || r == '{' || r == '}' })
	if len(args) < 2 {
		return source.Errorf(head.Pos, "%s needs a name and values", kind)
	}
	values := args[1:]
	if kind == "~SEQ" {
		var err error
		if values, err = sequence(head.Pos, args[1:]); err != nil {
			return err
		}
	}
	if len(values) > maxRepeat {
		return source.Errorf(head.Pos, "%s makes more than %d lines", kind, maxRepeat)
	}
	before, had := l.variables[args[0]]
	for _, v := range values {
		l.variables[args[0]] = []Token{{Word: source.Word{Pos: head.Pos, Raw: v, Text: v}}}
		rest := append([]Token{}, tokens[1:]...)
		rest[0].First = true
		if err := l.line(file, rest, depth); err != nil {
			return err
		}
	}
	delete(l.variables, args[0])
	if had {
		l.variables[args[0]] = before
	}
	return nil
}

// sequence is the numbers of ~SEQ: to; from, to; or from, step, to.
func sequence(at source.Pos, args []string) ([]string, error) {
	var n []int
	for _, a := range args {
		v, err := strconv.Atoi(a)
		if err != nil {
			return nil, source.Errorf(at, "~SEQ counts with whole numbers, not with %q", a)
		}
		n = append(n, v)
	}
	from, step, to := 1, 1, n[len(n)-1]
	if len(n) > 1 {
		from = n[0]
	}
	if from > to {
		step = -1
	}
	if len(n) > 2 {
		step = n[1]
	}
	if step == 0 || (to-from)/step < 0 || (to-from)/step >= maxRepeat {
		return nil, source.Errorf(at, "~SEQ from %d to %d in steps of %d does not end in at most %d lines", from, to, step, maxRepeat)
	}
	var list []string
	for i := from; step > 0 && i <= to || step < 0 && i >= to; i += step {
		list = append(list, strconv.Itoa(i))
	}
	return list, nil
}
