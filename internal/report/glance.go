package report

import (
	"fmt"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/outage"
)

// glanceRow is one line of the picture of all scenarios: the edge's outage in
// each run, and what was predicted.
type glanceRow struct {
	name    string
	values  []float64
	outside map[int]bool // which of the values a flag names
	row     row
}

func glanceRows(r *outage.Result) []glanceRow {
	var out []glanceRow
	for _, s := range r.Scenarios {
		for _, line := range rows(s) {
			if line.Stream != agentapi.StreamEdge {
				continue
			}
			g := glanceRow{name: plain(s.Name), row: line, outside: map[int]bool{}}
			flagged := map[int]bool{}
			for _, f := range s.Flags {
				if f.Metric == line.Metric {
					flagged[f.Run] = true
				}
			}
			if line.Phase != outage.PhaseFault {
				g.name = "· " + plain(string(line.Phase))
			}
			for _, run := range s.Runs {
				if st, ok := stream(run, line.Phase, line.Stream); ok && run.Valid() {
					g.outside[len(g.values)] = flagged[run.Number]
					g.values = append(g.values, st.OutageLongestMs)
				}
			}
			out = append(out, g)
		}
	}
	return out
}

const (
	glanceLeft  = 180
	glanceMost  = 360 // what of a scenario's name does not fit there is cut
	glanceRight = 96
	glanceZero  = 26 // a column for outages that were not seen at all
	glanceLane  = 18
)

// glance draws all scenarios under one logarithmic scale: predicted ranges as
// bars, runs as dots, medians as lines.
func (k ink) glance(r *outage.Result) (string, error) {
	all := glanceRows(r)
	if len(all) == 0 {
		return "", nil
	}
	var values []float64
	for _, g := range all {
		values = append(values, g.values...)
		if p := g.row.Predicted; p != nil {
			values = append(values, p.MinMs, p.MaxMs)
		}
	}
	left, right := float64(glanceLeft), float64(glanceRight)
	for _, g := range all {
		left, right = max(left, k.room(rowText, g.name)), max(right, k.room(smallText, g.median())+8)
	}
	p := glancePen{k.pen(pictureWidth, float64(len(all))*glanceLane+44), min(left, glanceMost)}
	x := decadesFor(values, p.left+glanceZero+14, pictureWidth-right)
	bottom := float64(len(all))*glanceLane + 4
	p.rect(panelColour, p.left, 4, glanceZero, bottom-4)
	p.rect(panelColour, x.from-8, 4, x.to-x.from+16, bottom-4)
	for _, t := range x.ticks() {
		p.line(gridColour, 0.8, nil, point{x.at(t), 4}, point{x.at(t), bottom})
		p.text(mutedColour, smallText, x.at(t), bottom+14, middle, tickText(t))
	}
	p.text(mutedColour, smallText, p.left+glanceZero/2, bottom+14, middle, "0")
	p.text(mutedColour, smallText, (x.from+x.to)/2, bottom+30, middle, "outage at the edge, ms")
	for i, g := range all {
		p.glanceLane(g, x, 4+float64(i)*glanceLane)
	}
	return p.svg(glanceWords(all))
}

// median says the middle one of the runs.
func (g glanceRow) median() string {
	if g.row.Summary.N == 0 {
		return ""
	}
	return "median " + number(g.row.Summary.Median)
}

// glancePen draws beside names that end at left.
type glancePen struct {
	*pen
	left float64
}

func (p glancePen) glanceLane(g glanceRow, x decades, y float64) {
	at := func(v float64) float64 {
		if v <= 0 {
			return p.left + glanceZero/2
		}
		return x.at(v)
	}
	p.text(inkColour, rowText, 4, y+13, start, p.fit(rowText, p.left, g.name))
	if e := g.row.Predicted; e != nil {
		a, b := at(e.MinMs), at(e.MaxMs)
		switch {
		case e.Never:
			a, b = x.to, x.to+8
		case e.MinMs <= 0 && e.MaxMs > 0:
			p.rect(predictedColour, p.left, y+3, glanceZero, glanceLane-6)
			a = x.from - 8
		case e.MaxMs <= 0:
			a, b = p.left, p.left+glanceZero
		}
		p.rect(predictedColour, a, y+3, max(b-a, 2), glanceLane-6)
	}
	for i, v := range g.values {
		c := nodeColour
		if g.outside[i] {
			c = failColour
		}
		p.dots(c, 5, []point{{at(v), y + glanceLane/2}})
	}
	if g.row.Summary.N > 0 {
		m := at(g.row.Summary.Median)
		p.line(inkColour, 1.6, nil, point{m, y + 3}, point{m, y + glanceLane - 3})
		p.text(inkColour, smallText, pictureWidth-4, y+13, end, g.median())
	}
}

func glanceWords(all []glanceRow) string {
	var b strings.Builder
	b.WriteString("Outage at the edge. ")
	for _, g := range all {
		if g.row.Summary.N == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s: median %s ms, %s to %s", strings.TrimPrefix(g.name, "· "), number(g.row.Summary.Median),
			number(g.row.Summary.Min), number(g.row.Summary.Max))
		if g.row.Predicted != nil {
			fmt.Fprintf(&b, ", predicted %s", g.row.Range())
		}
		b.WriteString(". ")
	}
	return strings.TrimSpace(b.String())
}
