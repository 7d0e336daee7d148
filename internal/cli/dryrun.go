package cli

import (
	"context"
	"fmt"
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

// dryRun prints what up would do.
func (s *session) dryRun(ctx context.Context) error {
	all, err := s.Plan(ctx)
	if err != nil {
		return err
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
