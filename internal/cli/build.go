package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"halab/internal/ui"
)

func (p *program) buildSpec() spec {
	return spec{
		name:    "build",
		summary: "build the images that are missing, and start nothing",
		about: `
Builds the images of the lab that are missing or whose contents changed. "halab
up" does the same before it starts anything. With --base auto it takes CentOS 7
where its image can be had, otherwise Debian 12, and says which and why.`,
		examples: []string{"halab build", "halab build --base debian12", "halab build --verbose"},
		run:      p.build,
	}
}

func (p *program) build(ctx context.Context, in *input) error {
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	built, err := s.Build(ctx)
	if err != nil {
		return err
	}
	return s.answer(built, func() error {
		for _, name := range slices.Sorted(maps.Keys(built.Images)) {
			if _, err := fmt.Fprintln(s.stdout, ui.Clean(built.Images[name])); err != nil {
				return err
			}
		}
		return nil
	})
}
