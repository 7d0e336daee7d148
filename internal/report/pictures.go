package report

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"halab/internal/outage"
)

// Pictures writes a picture of each scenario into a folder, which it makes: the
// fault of the median run, as an SVG file that stands by itself. A scenario of
// which no run is a measurement has none.
func Pictures(dir string, r *outage.Result) error {
	k, err := newInk()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("no folder for pictures: %w", err)
	}
	colours, _ := palette(r)
	for _, s := range r.Scenarios {
		_, median, _ := notable(s)
		for _, run := range s.Runs {
			if run.Number != median || !run.Valid() {
				continue
			}
			drawn, err := k.draw(newScene(s, run, run.Phases[0], colours), true)
			if err != nil {
				return err
			}
			err = WriteFile(filepath.Join(dir, fileName(s.Name)+".svg"), func(w io.Writer) error {
				_, err := io.WriteString(w, standing(drawn))
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// standing makes a file of a picture for a page: it brings its name space, its
// colours and its ground.
func standing(svg string) string {
	svg = strings.Replace(svg, "<svg ", `<svg xmlns="http://www.w3.org/2000/svg" `, 1)
	head, rest, _ := strings.Cut(svg, ">")
	return head + "><style>" + pictureStyle + `</style><rect width="100%" height="100%" style="fill:var(--page)"/>` + rest
}

// fileName makes a file's name of a scenario's: small letters, digits and
// dashes.
func fileName(scenario string) string {
	name := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '-'
	}, strings.ToLower(scenario))
	return strings.Trim(name, "-")
}
