package app

import (
	"context"
	"errors"
)

// Removed says what down took away; its JSON form is public (docs/json.md).
type Removed struct {
	Lab        string   `json:"lab"`
	Containers int      `json:"containers"`
	Networks   int      `json:"networks"`
	Volumes    int      `json:"volumes"`
	Images     int      `json:"images"`
	Interfaces []string `json:"interfaces"`
}

// Down removes everything of the lab, and the images as well where they are not
// wanted any more.
func (s *Session) Down(ctx context.Context, images bool) (Removed, error) {
	r, err := s.lab.Down(ctx)
	removed := Removed{Lab: s.Name, Containers: r.Containers, Networks: r.Networks, Volumes: r.Volumes,
		Interfaces: append([]string{}, r.Interfaces...)}
	if err == nil && images {
		removed.Images, err = s.lab.RemoveImages(ctx)
	}
	if err != nil && ctx.Err() != nil {
		err = errors.Join(&InterruptedError{"run halab down again for the rest"}, err)
	}
	return removed, err
}
