package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

const (
	// watched is how long each fault is watched, and calm how much of it comes
	// before the fault.
	watched = 2500 * time.Millisecond
	calm    = 700 * time.Millisecond
	// edgePatience is when a client gives up a connection and dials another; the
	// stack's clients are patient, as people are.
	edgePatience, stackPatience = 100 * time.Millisecond, 2 * time.Second
	stackRate                   = 50
)

// seen is what all runs of a fault came to.
type seen struct {
	outages []time.Duration // the longest of each run, at the edge
	gaps    []time.Duration // the longest time without a probe: what may have been missed
	failed  []time.Duration // requests through both tiers, as a count
	slowest time.Duration   // of them
}

// watch does a fault so often, and looks at each.
func (w *witness) watch(ctx context.Context, f struct{ name, words string }) (seen, error) {
	var s seen
	for range w.repeat {
		edge := w.attack("/haproxy-alive", w.rate, edgePatience)
		stack := w.attack("/frontend", stackRate, stackPatience)
		select {
		case <-time.After(calm):
		case <-ctx.Done():
			return s, context.Cause(ctx)
		}
		if err := w.do(ctx, w.words(f.words)...); err != nil {
			return s, err
		}
		e, k := <-edge, <-stack
		if err := ctx.Err(); err != nil {
			return s, err
		}
		s.add(e, k)
		if err := w.do(ctx, "restore"); err != nil {
			return s, err
		}
	}
	return s, nil
}

// attack probes for the time that is watched, in order of time.
func (w *witness) attack(path string, rate int, patience time.Duration) <-chan []vegeta.Result {
	target := vegeta.NewStaticTargeter(vegeta.Target{Method: "GET", URL: "http://" + w.vip + path})
	attacker := vegeta.NewAttacker(vegeta.KeepAlive(false), vegeta.Timeout(patience),
		vegeta.LocalAddr(net.IPAddr{IP: net.ParseIP(w.leg)}))
	done := make(chan []vegeta.Result, 1)
	go func() {
		var all []vegeta.Result
		for r := range attacker.Attack(target, vegeta.ConstantPacer{Freq: rate, Per: time.Second}, watched, path) {
			all = append(all, *r)
		}
		slices.SortFunc(all, func(a, b vegeta.Result) int { return a.Timestamp.Compare(b.Timestamp) })
		done <- all
	}()
	return done
}

func (s *seen) add(edge, stack []vegeta.Result) {
	outage, gap := longest(edge)
	s.outages, s.gaps = append(s.outages, outage), append(s.gaps, gap)
	failed := 0
	for _, r := range stack {
		if bad(r) {
			failed++
			continue
		}
		s.slowest = max(s.slowest, r.Latency)
	}
	s.failed = append(s.failed, time.Duration(failed))
}

func bad(r vegeta.Result) bool { return r.Error != "" || r.Code != 200 }

// longest is the longest time from a probe that failed to the next that did
// not, and the longest time between two probes.
func longest(all []vegeta.Result) (outage, gap time.Duration) {
	var since time.Time
	for i, r := range all {
		if i > 0 {
			gap = max(gap, r.Timestamp.Sub(all[i-1].Timestamp))
		}
		switch {
		case bad(r) && since.IsZero():
			since = r.Timestamp
		case !bad(r) && !since.IsZero():
			outage, since = max(outage, r.Timestamp.Sub(since)), time.Time{}
		}
	}
	if !since.IsZero() {
		outage = max(outage, all[len(all)-1].Timestamp.Sub(since))
	}
	return outage, gap
}

const heading = "                      edge outage, ms           probe gap    /frontend failed   slowest\n" +
	"fault              n  median    p95    max        max, ms    median     max         ms\n"

func (s seen) row(name string) string {
	return fmt.Sprintf("%-16s %3d %7.1f %6.1f %6.1f %14.1f %9d %7d %10.0f\n", name, len(s.outages),
		ms(rank(s.outages, 0.5)), ms(rank(s.outages, 0.95)), ms(rank(s.outages, 1)), ms(rank(s.gaps, 1)),
		rank(s.failed, 0.5), rank(s.failed, 1), ms(s.slowest))
}

func ms(d time.Duration) float64 { return float64(d) / 1e6 }

// rank is the quantile by nearest rank.
func rank[T cmp.Ordered](list []T, q float64) T {
	sorted := slices.Sorted(slices.Values(list))
	at := int(q*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(at, 0), len(sorted)-1)]
}
