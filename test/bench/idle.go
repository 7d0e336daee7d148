package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// settleTime is how long a lab is left alone before it counts as idle: a node
// looks at HAProxy's servers more often right after a change.
const settleTime = 5 * time.Second

// idle prints what the lab takes of a processor while nothing happens, in percent
// of one core: the kernel's count of processor time, which other work on the
// machine hardly changes.
func (b *bench) idle(ctx context.Context) error {
	fmt.Fprintf(b.out, "\nProcessor time of an idle lab, percent of one core: medians of %d times %s.\n\n", b.rounds, b.length)
	if err := sleep(ctx, settleTime); err != nil {
		return err
	}
	shares := map[string][]float64{}
	for range b.rounds {
		round, err := b.idleRound(ctx)
		if err != nil {
			return err
		}
		for who, share := range round {
			shares[who] = append(shares[who], share)
		}
	}
	for _, who := range slices.Sorted(maps.Keys(shares)) {
		fmt.Fprintf(b.out, "%-32s %6.2f   %s\n", who, middle(shares[who]), spread(shares[who]))
	}
	return nil
}

// idleRound is what each kind of process took, and all of them.
func (b *bench) idleRound(ctx context.Context) (map[string]float64, error) {
	before, begin, err := taken(ctx)
	if err != nil {
		return nil, err
	}
	if err := sleep(ctx, b.length); err != nil {
		return nil, err
	}
	after, end, err := taken(ctx)
	if err != nil {
		return nil, err
	}
	shares := map[string]float64{}
	for who, t := range after {
		shares[who] = 100 * float64(t-before[who]) / float64(end.Sub(begin))
	}
	return shares, nil
}

// taken is the processor time of each kind of process up to now.
func taken(ctx context.Context) (map[string]time.Duration, time.Time, error) {
	list, err := labProcesses(ctx)
	sums := map[string]time.Duration{}
	for _, p := range list {
		sums[p.key()] += p.taken
		sums["together"] += p.taken
	}
	return sums, time.Now(), err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func middle(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// spread lists all values, so that a row shows what its median is worth.
func spread(list []float64) string {
	var words []string
	for _, v := range list {
		words = append(words, fmt.Sprintf("%.1f", v))
	}
	return strings.Join(words, " ")
}
