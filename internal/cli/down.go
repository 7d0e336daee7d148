package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"halab/internal/app"
)

func (p *program) downSpec() spec {
	return spec{
		name:    "down",
		summary: "remove everything of the lab",
		about: `
Removes the lab's containers, networks and volumes, and the interfaces that it
has on the host. They are found by the lab's label alone, so it works without
the Compose file, and after an "up" that was interrupted or killed. Nothing
without the label is touched.`,
		examples: []string{"halab down", "halab down --images", "halab down --name other"},
		flags: []cli.Flag{
			&cli.BoolFlag{Name: "images", Usage: "remove the images as well; the next up builds them anew"},
		},
		run: p.down,
	}
}

func (p *program) down(ctx context.Context, in *input) error {
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	removed, err := s.Down(ctx, in.flags.Bool("images"))
	if err != nil {
		return err
	}
	return s.answer(removed, func() error {
		_, err := fmt.Fprintln(s.stdout, removedWords(removed))
		return err
	})
}

// removedWords says what was removed, or that there was nothing.
func removedWords(r app.Removed) string {
	var parts []string
	for _, c := range []struct {
		n     int
		thing string
	}{
		{r.Containers, "container"}, {r.Networks, "network"}, {r.Volumes, "volume"},
		{len(r.Interfaces), "interface"}, {r.Images, "image"},
	} {
		switch {
		case c.n == 1:
			parts = append(parts, "1 "+c.thing)
		case c.n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", c.n, c.thing))
		}
	}
	if len(parts) == 0 {
		return "lab " + r.Lab + " is down; there was nothing to remove"
	}
	return "lab " + r.Lab + " is down; removed " + strings.Join(parts, ", ")
}
