package composefile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing that is wrong with a Compose file, or that halab leaves
// out of it.
type Fault struct {
	File string
	Line int    // 0: the file as a whole
	What string // what was found
	Why  string // why that can't work
	Cure string // what to do

	subject string // the name of the value it is about
}

// String is the fault in one line: file, line, what, why, cure.
func (f Fault) String() string {
	at := f.File
	if f.Line > 0 {
		at = fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	parts := []string{f.What}
	for _, p := range []string{f.Why, f.Cure} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return at + ": " + strings.Join(parts, "; ")
}

// Faults is every fault of a description at once, as an error.
type Faults []Fault

// Error is one line a fault.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// tidy sorts faults by place and leaves each out that is there already: an
// anchor used four times has its fault once.
func tidy(faults []Fault) []Fault {
	slices.SortStableFunc(faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.What, b.What))
	})
	seen := map[Fault]bool{}
	return slices.DeleteFunc(faults, func(f Fault) bool {
		if f.Line > 0 && f.subject != "" {
			f.What = ""
		}
		again := seen[f]
		seen[f] = true
		return again
	})
}
