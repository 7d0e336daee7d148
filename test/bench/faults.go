package main

import (
	"context"
	"fmt"
	"halab/internal/fault"
	"slices"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// How long a fault stays under load, and how long the load goes on before and
// after it.
const (
	faultBefore = time.Second
	faultHold   = 3 * time.Second
	faultAfter  = 1500 * time.Millisecond
	faultLimit  = time.Minute // the load ends by itself then
)

// faultCases are the words of `halab fail` for every fault of the catalogue, with
// the arguments of its examples; frontend-00 is the node that holds the frontend's
// VIP. No node of the bench has a plug.
func faultCases() [][]string {
	var list [][]string
	for _, o := range fault.Drills("backend") {
		words := strings.Fields(o.Text())
		switch how := o.Kind.Name; {
		case o.TakesPower():
			continue
		case slices.Contains(fault.HowsOf(o.Service), how):
			words = []string{string(o.Service), "--how", how}
		}
		list = append(list, append([]string{"frontend-00"}, words...))
	}
	return list
}

// struck is what the load met while one fault came and went.
type struck struct {
	fault           string
	applied, undone window
	refused         string // why this machine can't have the fault
}

// window is what a client saw in a span of time.
type window struct {
	requests, failed int
	slowest          time.Duration
}

func (w *window) add(r vegeta.Result) {
	w.requests++
	if failed(r) {
		w.failed++
	}
	w.slowest = max(w.slowest, r.Latency)
}

// split puts each request into the window in which it was under way. What was
// over before the fault is in neither.
func split(list []vegeta.Result, applied, undone time.Time) (first, second window) {
	for _, r := range list {
		switch {
		case !r.Timestamp.Before(undone):
			second.add(r)
		case r.End().After(applied):
			first.add(r)
		}
	}
	return first, second
}

// underLoad applies and undoes every fault while a client asks.
func (b *bench) underLoad(ctx context.Context) error {
	fmt.Fprintf(b.out, "\nEvery fault, applied for %s and undone, under %d requests a second through both tiers\n\n", faultHold, loadSteady)
	fmt.Fprintf(b.out, "%-34s %-28s   %s\n", "", "while applied", "while undone, and after")
	fmt.Fprintf(b.out, "%-34s %8s %8s %10s   %8s %8s %10s\n", "fault", "requests", "failed", "slowest", "requests", "failed", "slowest")
	for _, words := range faultCases() {
		if !b.only.MatchString(strings.Join(words, " ")) {
			continue
		}
		s, err := b.strike(ctx, words)
		if err != nil {
			return fmt.Errorf("%s: %w", strings.Join(words, " "), err)
		}
		if s.refused != "" {
			fmt.Fprintf(b.out, "%-34s %s\n", s.fault, s.refused)
			continue
		}
		fmt.Fprintf(b.out, "%-34s %8d %8d %10s   %8d %8d %10s\n", s.fault, s.applied.requests, s.applied.failed, show(s.applied.slowest),
			s.undone.requests, s.undone.failed, show(s.undone.slowest))
	}
	return nil
}

// strike applies one fault and undoes it under load.
func (b *bench) strike(ctx context.Context, words []string) (struck, error) {
	s := struck{fault: strings.Replace(strings.Join(words, " "), " --how", "", 1)}
	url := targets()[2].url
	g, err := b.attack(ctx, url, loadSteady, faultLimit)
	if err != nil {
		return s, err
	}
	if err := g.flowing(ctx); err != nil {
		_, _ = g.stop() // that it does not flow is the error
		return s, err
	}
	pause(ctx, faultBefore)
	applied := time.Now()
	if _, err := b.run(ctx, append([]string{"fail"}, words...)...); err != nil {
		s.refused = "not here: " + reason(err)
		_, err := g.stop()
		return s, err
	}
	pause(ctx, faultHold)
	undone := time.Now()
	_, mended := b.run(ctx, "restore")
	if mended != nil { // a machine without a free processor takes longer
		s.fault += " (2nd restore)"
		_, mended = b.run(ctx, "restore", "--timeout", "90s")
	}
	pause(ctx, faultAfter)
	list, err := g.stop()
	if mended != nil {
		return s, mended
	}
	s.applied, s.undone = split(list, applied, undone)
	return s, err
}

// reason is the line in which halab says why.
func reason(err error) string {
	for line := range strings.Lines(err.Error()) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "halab: "); ok {
			return text
		}
	}
	return err.Error()
}

// pause waits, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
