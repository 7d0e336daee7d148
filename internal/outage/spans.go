package outage

import (
	"cmp"
	"slices"
)

// stretch is a half-open stretch of time in nanoseconds of the recording's
// clock.
type stretch struct{ from, to int64 }

// stretches are in order and do not overlap; every function here keeps it so.
type stretches []stretch

// ordered makes stretches of any list: empty ones go, overlaps are joined.
func ordered(list []stretch) stretches {
	list = slices.DeleteFunc(slices.Clone(list), func(s stretch) bool { return s.to <= s.from })
	slices.SortFunc(list, func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
	var out stretches
	for _, s := range list {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// and is what both have.
func (a stretches) and(b stretches) stretches {
	var out stretches
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if s := (stretch{max(a[i].from, b[j].from), min(a[i].to, b[j].to)}); s.from < s.to {
			out = append(out, s)
		}
		if a[i].to < b[j].to {
			i++
		} else {
			j++
		}
	}
	return out
}

// or is what either has.
func (a stretches) or(b stretches) stretches { return ordered(append(slices.Clone(a), b...)) }

// without is what a has and b has not.
func (a stretches) without(b stretches) stretches {
	var out stretches
	for _, s := range a {
		for _, hole := range b {
			if hole.to <= s.from || hole.from >= s.to {
				continue
			}
			if hole.from > s.from {
				out = append(out, stretch{s.from, hole.from})
			}
			s.from = hole.to
			if s.from >= s.to {
				break
			}
		}
		if s.from < s.to {
			out = append(out, s)
		}
	}
	return out
}

// sum is the length of all together, in nanoseconds.
func (a stretches) sum() int64 {
	var n int64
	for _, s := range a {
		n += s.to - s.from
	}
	return n
}

// twice is what at least two of the sets have.
func twice(sets []stretches) stretches {
	var once, out stretches
	for _, s := range sets {
		out = out.or(once.and(s))
		once = once.or(s)
	}
	return out
}
