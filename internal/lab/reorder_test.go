package lab_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"halab/internal/lab"
)

func TestReorderGivesEveryLineOnceAndInOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 0))
		r := lab.Reorder[int]{Window: 100 * time.Millisecond}
		type arrival struct {
			id          int
			at, arrived time.Time
		}
		var all []arrival
		for i := range 200 {
			at := moment(rng.Float64())
			all = append(all, arrival{i, at, at.Add(time.Duration(rng.IntN(99)) * time.Millisecond)})
		}
		times := map[int]time.Time{}
		for _, a := range all {
			times[a.id] = a.at
		}
		slices.SortFunc(all, func(a, b arrival) int { return a.arrived.Compare(b.arrived) })
		var got []int
		for _, a := range all {
			got = append(got, r.Pop(a.arrived)...)
			r.Push(a.id, a.at, a.arrived)
		}
		got = append(got, r.Flush()...)
		if !r.Empty() || len(got) != len(all) {
			t.Fatalf("seed %d: %d of %d lines came out", seed, len(got), len(all))
		}
		for i := 1; i < len(got); i++ {
			if times[got[i]].Before(times[got[i-1]]) {
				t.Fatalf("seed %d: line %d is out of order", seed, i)
			}
		}
	}
}

func TestReorderLetsLatecomersThrough(t *testing.T) {
	t.Parallel()
	r := lab.Reorder[string]{Window: time.Second}
	r.Push("b", moment(10), moment(10))
	if got := r.Pop(moment(10.5)); got != nil {
		t.Errorf("came before its time: %v", got)
	}
	r.Push("a", moment(9), moment(10.9))
	if got := fmt.Sprint(r.Pop(moment(11))); got != "[a b]" {
		t.Errorf("got %s, want the older line first", got)
	}
	r.Push("late", moment(1), moment(11))
	if got := fmt.Sprint(r.Pop(moment(12))); got != "[late]" {
		t.Errorf("got %s", got)
	}
}

func moment(seconds float64) time.Time {
	return time.Date(2026, 1, 2, 10, 0, 0, 0, time.UTC).Add(time.Duration(seconds * float64(time.Second)))
}
