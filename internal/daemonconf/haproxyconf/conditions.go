package haproxyconf

import (
	"strings"

	"halab/internal/daemonconf/source"
)

// maxNested is how many .if HAProxy takes inside each other (MAXNESTEDCONDS).
const maxNested = 10

// branch is one .if that is open: whether a part of it was taken, and whether
// the part that is read now is.
type branch struct {
	at          source.Pos
	taken, live bool
	last        bool // .else was there
}

// conditions marks the lines that .if, .elif and .else leave out. A condition
// that can't be judged from the file (feature(), enabled()) counts as true, so
// that its lines are read.
func (f *File) conditions(version Version, env func(string) (string, bool)) error {
	var open []branch
	for i := range f.Lines {
		l := &f.Lines[i]
		if len(l.Words) == 0 {
			continue
		}
		outer := len(open) == 0 || open[len(open)-1].live
		if !strings.HasPrefix(l.Word(0), ".") || l.Words[0].Quoted {
			l.Dropped = !outer
			continue
		}
		word, at := l.Word(0), l.At()
		if word != ".if" && strings.HasPrefix(word, ".e") && len(open) == 0 {
			return source.Errorf(at, "%s stands without an .if: HAProxy refuses the file", word)
		}
		top := len(open) - 1
		parent := top < 1 || open[top-1].live
		holds := func() bool { return condition(source.Join(l.Words[1:]), version, env) }
		switch word {
		case ".if":
			if len(open) == maxNested {
				return source.Errorf(at, "more than %d .if inside each other: HAProxy refuses the file", maxNested)
			}
			yes := outer && holds()
			open = append(open, branch{at: at, taken: yes, live: yes})
		case ".elif", ".else":
			if open[top].last {
				return source.Errorf(at, "%s stands after .else: HAProxy refuses the file", word)
			}
			open[top].live = parent && !open[top].taken && (word == ".else" || holds())
			open[top].taken = open[top].taken || open[top].live
			open[top].last = word == ".else"
		case ".endif":
			open = open[:top]
		}
	}
	if len(open) > 0 {
		return source.Errorf(open[len(open)-1].at, "this .if has no .endif: HAProxy refuses the file")
	}
	return nil
}

// condition judges what stands after .if: terms with ! before them, && and ||
// between them; && binds closer.
func condition(text string, version Version, env func(string) (string, bool)) bool {
	for either := range strings.SplitSeq(text, "||") {
		all := true
		for term := range strings.SplitSeq(either, "&&") {
			all = all && predicate(strings.TrimSpace(term), version, env)
		}
		if all {
			return true
		}
	}
	return false
}

func predicate(term string, version Version, env func(string) (string, bool)) bool {
	rest, not := strings.CutPrefix(term, "!")
	name, args, call := strings.Cut(strings.TrimSpace(rest), "(")
	args = strings.Trim(strings.TrimSuffix(args, ")"), `"' `)
	first, second, _ := strings.Cut(args, ",")
	value := func(key string) string {
		if env == nil {
			return ""
		}
		v, _ := env(key)
		return v
	}
	switch {
	case !call:
		return (name != "0" && name != "" && name != "false") != not
	case name == "defined":
		_, ok := "", false
		if env != nil {
			_, ok = env(first)
		}
		return ok != not
	case name == "streq":
		return (strings.Trim(first, `"' `) == strings.Trim(second, `"' `)) != not
	case name == "strneq":
		return (strings.Trim(first, `"' `) != strings.Trim(second, `"' `)) != not
	case name == "strstr":
		return strings.Contains(value(first), second) != not
	case name == "version_atleast":
		return (version == nil || version.AtLeast(args)) != not
	case name == "version_before":
		return (version != nil && !version.AtLeast(args)) != not
	}
	return true // what the build has can't be seen from here
}
