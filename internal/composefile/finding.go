package composefile

import (
	"cmp"
	"fmt"
	"slices"

	"halab/internal/problem"
)

// finding is one thing that is wrong with a Compose file, or that halab leaves
// out of it, and where.
type finding struct {
	file string
	line int    // 0: the file as a whole
	what string // what was found
	why  string // why that can't work
	cure string // what to do

	subject string // the name of the value it is about
}

// problems are findings as they are told: what begins with file and line.
func problems(all []finding) problem.List {
	var list problem.List
	for _, f := range all {
		at := f.file
		if f.line > 0 {
			at = fmt.Sprintf("%s:%d", f.file, f.line)
		}
		p := problem.New("%s: %s", at, f.what).Because(f.why)
		if f.cure != "" {
			p.Cure(f.cure)
		}
		list = append(list, p)
	}
	return list
}

// tidy sorts findings by place and leaves each out that is there already: an
// anchor used four times is wrong once.
func tidy(findings []finding) []finding {
	slices.SortStableFunc(findings, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.what, b.what))
	})
	seen := map[finding]bool{}
	return slices.DeleteFunc(findings, func(f finding) bool {
		if f.line > 0 && f.subject != "" {
			f.what = ""
		}
		again := seen[f]
		seen[f] = true
		return again
	})
}
