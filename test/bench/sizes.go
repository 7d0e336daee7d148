package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxImages is what the four images may take beyond their base, unpacked, in
// bytes: they cross a wire to each host.
const maxImages = 150_000_000

// layer is one step of an image's history.
type layer struct {
	Size      string // bytes
	CreatedBy string
}

func (l layer) bytes() int64 {
	n, err := strconv.ParseInt(l.Size, 10, 64)
	if err != nil {
		return 0 // a step that changes no file
	}
	return n
}

// why is the step in short: the instruction without what Docker adds to it.
func (l layer) why() string {
	text := l.CreatedBy
	for _, cut := range []string{"/bin/sh -c #(nop) ", "/bin/sh -c ", "|1 BASE="} {
		text = strings.TrimPrefix(text, cut)
	}
	if _, command, found := strings.Cut(text, " /bin/sh -c "); found {
		text = command
	}
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 70 {
		text = text[:69] + "…"
	}
	return text
}

// sizes prints how large each image is beyond the base, and which steps make it
// so.
func (b *bench) sizes(ctx context.Context) error {
	_, out, err := b.timed(ctx, b.halab, "build", "--json")
	if err != nil {
		return err
	}
	var built struct {
		Base   string
		Images map[string]string
	}
	if err := json.Unmarshal([]byte(out), &built); err != nil {
		return err
	}
	histories := map[string][]layer{}
	for name, image := range built.Images {
		if histories[name], err = history(ctx, image); err != nil {
			return err
		}
	}
	return b.printSizes(built.Base, histories)
}

// history lists an image's steps, the oldest first.
func history(ctx context.Context, image string) ([]layer, error) {
	out, err := docker(ctx, "history", "--no-trunc", "--human=false", "--format", "{{json .}}", image)
	if err != nil {
		return nil, err
	}
	var list []layer
	for line := range strings.Lines(out) {
		var l layer
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	slices.Reverse(list)
	return list, nil
}

// common counts the first steps that all images share: their base.
func common(histories map[string][]layer) int {
	for n := 0; ; n++ {
		var step *layer
		for _, h := range histories {
			if n == len(h) || step != nil && *step != h[n] {
				return n
			}
			step = &h[n]
		}
		if step == nil {
			return n
		}
	}
}

func (b *bench) printSizes(base string, histories map[string][]layer) error {
	shared := common(histories)
	var names []string
	var all int64
	for name := range histories {
		names = append(names, name)
	}
	slices.Sort(names)
	fmt.Fprintf(b.out, "\nThe images, unpacked, beyond the base %s that they share; the steps that add more than 1 MB\n\n", base)
	for _, name := range names {
		var size int64
		var why []string
		for _, l := range histories[name][shared:] {
			size += l.bytes()
			if l.bytes() >= 1_000_000 {
				why = append(why, fmt.Sprintf("%5.1f %s", megabytes(l.bytes()), l.why()))
			}
		}
		all += size
		fmt.Fprintf(b.out, "%-12s %7.1f MB   %s\n", name, megabytes(size), strings.Join(why, "\n"+strings.Repeat(" ", 26)))
	}
	fmt.Fprintf(b.out, "%-12s %7.1f MB, should be under %.0f\n", "together", megabytes(all), megabytes(maxImages))
	if all >= maxImages {
		return fmt.Errorf("the images have %.1f MB beyond their base, more than %.0f", megabytes(all), megabytes(maxImages))
	}
	return nil
}

func megabytes(n int64) float64 { return float64(n) / 1e6 }
