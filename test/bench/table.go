package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// table collects measurements, a row for what was done and a column for who
// did it.
type table struct {
	title string
	rows  []*row
}

type row struct {
	name, wanted string
	cells        map[string][]time.Duration
	order        []string
}

// row finds or makes the row of that name.
func (t *table) row(name, wanted string) *row {
	for _, r := range t.rows {
		if r.name == name {
			return r
		}
	}
	r := &row{name: name, wanted: wanted, cells: map[string][]time.Duration{}}
	t.rows = append(t.rows, r)
	return r
}

func (r *row) add(who string, took time.Duration) {
	if !slices.Contains(r.order, who) {
		r.order = append(r.order, who)
	}
	r.cells[who] = append(r.cells[who], took)
}

func median(list []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// print writes, for each row, every contestant's median, its range, and its
// ratio to halab's.
func (t *table) print(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "\n%-42s %-11s %9s   %-19s %s\n", "", "", "median", "least … most", "to halab's")
	for _, r := range t.rows {
		own := median(r.cells["halab"])
		for i, who := range r.order {
			name, ratio := r.name, ""
			if i > 0 {
				name = ""
				ratio = fmt.Sprintf("%.2f times", float64(median(r.cells[who]))/float64(own))
			}
			if who == "bare call" {
				ratio += fmt.Sprintf(" (halab %+d ms)", (own - median(r.cells[who])).Milliseconds())
			}
			list := r.cells[who]
			spread := fmt.Sprintf("%s … %s", show(slices.Min(list)), show(slices.Max(list)))
			fmt.Fprintf(&out, "%-42s %-11s %9s   %-19s %s\n", name, who, show(median(list)), spread, ratio)
		}
		if r.wanted != "" {
			fmt.Fprintf(&out, "  should be: %s\n", r.wanted)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func show(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}
