package lab

import (
	"container/heap"
	"time"
)

// Reorder merges lines of several sources by time. A line is held for Window
// after it arrived, so that one which is older but arrives later still comes
// before it. A line that is later than that comes out of order rather than
// never. It knows no clock: the caller says what time it is.
type Reorder[T any] struct {
	Window time.Duration
	held   holdings[T]
	count  uint64
}

type holding[T any] struct {
	at      time.Time // the line's own time
	arrived time.Time
	order   uint64
	value   T
}

// Push takes a line in: at is its own time, arrived when it came.
func (r *Reorder[T]) Push(value T, at, arrived time.Time) {
	r.count++
	heap.Push(&r.held, holding[T]{at, arrived, r.count, value})
}

// Pop gives the lines that were held long enough at now, and those that must
// come before them, in order.
func (r *Reorder[T]) Pop(now time.Time) []T {
	due := -1
	var last holding[T]
	for i, h := range r.held {
		if now.Sub(h.arrived) >= r.Window && (due < 0 || before(last, h)) {
			due, last = i, h
		}
	}
	var out []T
	for due >= 0 && len(r.held) > 0 && !before(last, r.held[0]) {
		out = append(out, heap.Pop(&r.held).(holding[T]).value)
	}
	return out
}

// Flush gives all that is held, in order.
func (r *Reorder[T]) Flush() []T {
	var out []T
	for len(r.held) > 0 {
		out = append(out, heap.Pop(&r.held).(holding[T]).value)
	}
	return out
}

// Empty says that nothing is held.
func (r *Reorder[T]) Empty() bool { return len(r.held) == 0 }

func before[T any](a, b holding[T]) bool {
	if !a.at.Equal(b.at) {
		return a.at.Before(b.at)
	}
	return a.order < b.order
}

type holdings[T any] []holding[T]

func (h holdings[T]) Len() int           { return len(h) }
func (h holdings[T]) Less(i, j int) bool { return before(h[i], h[j]) }
func (h holdings[T]) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *holdings[T]) Push(x any)        { *h = append(*h, x.(holding[T])) }
func (h *holdings[T]) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
