package report

import "halab/internal/outage"

// row labels a row, cut where it is too long for the column.
func (p *picture) row(y float64, label string) {
	p.text(inkColour, rowText, p.left-6, y, end, p.fit(rowText, p.left, label))
}

// outageLabel says how long the outage at the edge was.
func outageLabel(s scene) string {
	if s.edge == nil {
		return "edge outage none"
	}
	return "edge outage " + number(s.edge.Ms()) + " ms"
}

// lanes draws who held the VIP, and the outage beside its prediction.
func (p *picture) lanes() {
	y := p.bottom - float64(len(p.nodes)+1)*laneHeight
	for _, n := range p.nodes {
		p.row(y+12, plain(n))
		p.line(gridColour, 0.6, nil, point{p.left, y + laneHeight}, point{p.x.to, y + laneHeight})
		p.tenures(p.analysis.Holders, n, y+3, 8)
		p.tenures(p.analysis.Masters, n, y+13, 3)
		y += laneHeight
	}
	p.outageLane(y)
}

func (p *picture) tenures(all []outage.Tenure, node string, y, h float64) {
	c, ok := p.colours[node]
	if !ok {
		c = unknownColour
	}
	for _, t := range all {
		if t.Node == node && t.ToMs >= p.x.lo && t.FromMs <= p.x.hi {
			a, b := p.x.clamped(t.FromMs), p.x.clamped(t.ToMs)
			p.rect(c, a, y, max(b-a, 1), h)
		}
	}
}

// outageLane draws what was measured at the edge (thick) over what was predicted
// there (the end of the outage lies somewhere in the pale bar).
func (p *picture) outageLane(y float64) {
	begin := 0.0
	if p.edge != nil {
		begin = p.edge.FromMs
	}
	right := p.x.clamped(begin)
	if e := p.expected; e != nil && e.Never {
		p.rect(predictedColour, right, y+3, p.x.to-right, 13)
	} else if e != nil && e.MaxMs > 0 {
		a, b := p.x.clamped(begin+e.MinMs), p.x.clamped(begin+e.MaxMs)
		p.rect(predictedColour, a, y+3, max(b-a, 2), 13)
		right = b
	}
	if p.edge != nil {
		a, b := p.x.clamped(p.edge.FromMs), p.x.clamped(p.edge.ToMs)
		p.rect(failColour, a, y+7, max(b-a, 1), 5)
		right = max(right, b)
	}
	p.row(y+13, outageLabel(p.scene))
	if p.expected == nil {
		return
	}
	if p.expected.Never {
		return // the bar to the end of the picture says it
	}
	text := "predicted " + spread(p.expected.MinMs, p.expected.MaxMs) + " ms"
	w, left := p.room(smallText, text), p.x.clamped(begin)
	switch {
	case right+w <= p.x.to:
		p.text(inkColour, smallText, right+6, y+13, start, text)
	case left-w >= p.left:
		p.text(inkColour, smallText, left-6, y+13, end, text)
	}
}

// axis draws the time scale under y.
func (p *picture) axis(x linear, y float64, title string) {
	p.line(mutedColour, 0.8, nil, point{x.from, y}, point{x.to, y})
	for _, t := range x.ticks(9) {
		p.line(mutedColour, 0.8, nil, point{x.at(t), y}, point{x.at(t), y + 4})
		s := tickText(t)
		p.text(mutedColour, smallText, min(x.at(t), x.to-p.width(smallText, s)/2), y+14, middle, s)
	}
	p.text(mutedColour, smallText, (x.from+x.to)/2, y+26, middle, title)
}

// overview draws the first stream over the whole phase, small, with the
// stretch that is shown large marked.
func (p *picture) overview(y float64) {
	x := linear{p.analysis.FromMs, max(p.analysis.ToMs, p.analysis.FromMs+1), p.left, pictureWidth - rightMargin}
	p.row(y+14, "whole phase")
	p.rect(panelColour, p.left, y, x.to-p.left, 28)
	p.rect(windowColour, x.clamped(p.x.lo), y, max(x.clamped(p.x.hi)-x.clamped(p.x.lo), 1), 28)
	if len(p.streams) > 0 {
		var seen []float64
		for _, d := range p.streams[0].dots {
			if !d.failed {
				seen = append(seen, d.latency)
			}
		}
		scale := decadesFor(seen, y+25, y+9)
		p.scatter(p.streams[0].dots, x, 2.4, func(d probe) float64 {
			if d.failed {
				return y + 4
			}
			return scale.at(d.latency)
		})
	}
	p.line(faultColour, 1.2, nil, point{x.clamped(0), y}, point{x.clamped(0), y + 28})
	for _, t := range x.ticks(9) {
		s := tickText(t)
		p.text(mutedColour, 9, min(x.at(t), x.to-p.width(9, s)/2), y+38, middle, s)
	}
}
