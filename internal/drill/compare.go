package drill

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"halab/internal/outage"
)

// Side is one of the two settings that a comparison sets against each other.
type Side struct {
	Name string
	// Bring makes the lab have this setting and returns its drills. It is
	// called before each round of the side.
	Bring func(ctx context.Context) (*Drill, error)
}

// Compare runs the scenarios on both sides in turn, a round of each at a time
// on the same machine, so that whatever changes there meanwhile meets both. The
// side that begins changes from round to round. The runs of each side come back
// by scenario, as far as they were made, also with an error. A round without a
// measurement is an error, and does not end the others.
func Compare(ctx context.Context, sides [2]Side, pick func(*Drill) ([]Scenario, error), rounds int, seed int64) ([2][]outage.ScenarioResult, error) {
	var results [2][]outage.ScenarioResult
	var random [2]*rand.Rand
	for i := range random {
		random[i] = rand.New(rand.NewPCG(uint64(seed), 0))
	}
	var weak []error
	for round := range rounds {
		for turn := range sides {
			at := (turn + round) % len(sides)
			err := compareRound(ctx, sides[at], pick, &results[at], random[at])
			if err != nil {
				err = fmt.Errorf("round %d of %s: %w", round+1, sides[at].Name, err)
				weak = append(weak, err)
			}
			if err != nil && !errors.Is(err, errUnmeasured) {
				return results, errors.Join(weak...)
			}
		}
	}
	return results, errors.Join(weak...)
}

// compareRound does each scenario once, repeating a run that is no measurement.
func compareRound(ctx context.Context, side Side, pick func(*Drill) ([]Scenario, error), into *[]outage.ScenarioResult, random *rand.Rand) error {
	d, err := side.Bring(ctx)
	if err != nil {
		return err
	}
	if err := d.prepare(ctx); err != nil {
		return err
	}
	scenarios, err := pick(d)
	if err != nil {
		return err
	}
	var weak []error
	for i, sc := range scenarios {
		if len(*into) <= i {
			*into = append(*into, outage.ScenarioResult{Name: sc.Name, Kind: sc.Kind, Cluster: sc.Cluster, Description: sc.Description})
		}
		once := *d
		once.opts.Repeat = 1
		result, err := once.scenario(ctx, sc, random)
		for _, run := range result.Runs {
			run.Number = len((*into)[i].Runs) + 1
			(*into)[i].Runs = append((*into)[i].Runs, run)
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil:
			continue
		case !errors.Is(err, errUnmeasured):
			return fmt.Errorf("%s: %w", sc.Name, err)
		}
		weak = append(weak, fmt.Errorf("%s: %w", sc.Name, err))
	}
	return errors.Join(weak...)
}
