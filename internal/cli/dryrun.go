package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"halab/internal/plan"
)

// planned is the answer of up --dry-run.
type planned struct {
	Steps []plannedStep `json:"steps"`
}

type plannedStep struct {
	Action  string `json:"action"`
	Subject string `json:"subject"`
	Cause   string `json:"cause"`
	After   []int  `json:"after,omitempty"` // steps, by number from 0, that must be done before
}

// dryRun prints what up would do. Images that are to be built come first, and
// everything else after them.
func (s *session) dryRun(ctx context.Context) error {
	w, err := s.describe(ctx, s.guessBase, s.facts)
	if err != nil {
		return err
	}
	var missing map[string]string
	if w.images, missing, err = s.planImages(ctx, w.base); err != nil {
		return err
	}
	want, err := s.want(ctx, w, 0)
	if err != nil {
		return err
	}
	steps, err := s.lab.Plan(ctx, want)
	if err != nil {
		return err
	}
	all := plan.Plan{}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		all.Steps = append(all.Steps, plan.Step{Action: "build image", Subject: w.images[name], Cause: missing[name]})
	}
	for _, step := range steps.Steps {
		for i := range step.After {
			step.After[i] += len(missing)
		}
		all.Steps = append(all.Steps, step)
	}
	answer := planned{Steps: []plannedStep{}}
	for _, step := range all.Steps {
		answer.Steps = append(answer.Steps, plannedStep{string(step.Action), step.Subject, step.Cause, step.After})
	}
	return s.answer(answer, func() error {
		_, err := fmt.Fprint(s.stdout, cleanLines(all.String()))
		return err
	})
}
