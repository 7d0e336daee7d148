package report

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot/vg"

	"halab/internal/outage"
)

// Measures of a picture, in units of its own: a page shows it as wide as it
// has room.
const (
	pictureWidth = 840
	leftMargin   = 136 // room for "edge outage 12345 ms"
	leftMost     = 280 // what of a node's name does not fit there is cut
	rightMargin  = 18
	labelRow     = 13
	laneHeight   = 19
	rowText      = 11
	smallText    = 10
)

// picture draws a scene: labels of the anatomy, a panel of probes for each
// stream, then who held the VIP, then a strip of the whole phase.
type picture struct {
	scene
	*pen
	left   float64 // where the rows' labels end and the time scale begins
	x      linear
	labels []label
	top    float64 // where the panels begin
	bottom float64 // where the lanes end
}

// label is a step of the anatomy with its place above the panels.
type label struct {
	text   string
	at     float64 // ms
	x      float64
	row    int
	left   bool // written left of its line
	before bool // before what is shown: it has no line
	c      colour
}

// draw makes the SVG of a scene. The strip of the whole phase is left out where
// a page has very many pictures.
func (k ink) draw(s scene, strip bool) (string, error) {
	left := k.column(s)
	p := picture{scene: s, left: left, x: timeScale(s.from, s.to, left, pictureWidth-rightMargin)}
	rows := 0
	p.labels, rows = k.place(s, p.x)
	p.top = float64(rows)*labelRow + 8
	depth := p.top
	for i := range s.streams {
		depth += panelHeight(i) + 6
	}
	p.bottom = depth + float64(len(s.nodes)+1)*laneHeight + 4
	depth = p.bottom + 32
	strip = strip && s.analysis.Phase != outage.PhaseSoak // that is shown whole
	if strip {
		depth += 66
	}
	p.pen = k.pen(pictureWidth, depth)
	p.panels()
	p.lanes()
	p.steps()
	p.axis(p.x, p.bottom, "ms since the "+zeroName(s.analysis.Phase))
	if strip {
		p.overview(p.bottom + 38)
	}
	return p.svg(describe(s))
}

// column is how wide the rows' labels are: as the longest of them.
func (k ink) column(s scene) float64 {
	width := k.room(rowText, outageLabel(s))
	for _, n := range s.nodes {
		width = max(width, k.room(rowText, plain(n)))
	}
	for _, st := range s.streams {
		width = max(width, k.room(rowText, plain(st.name))+k.room(9, "failed"))
	}
	return min(max(width, leftMargin), leftMost)
}

func zeroName(p outage.Phase) string {
	switch p {
	case outage.PhaseFailback:
		return "mending"
	case outage.PhaseSoak:
		return "start"
	}
	return "fault"
}

func panelHeight(i int) float64 {
	if i == 0 {
		return 108
	}
	return 62
}

// place gives each seen step a label. A later one that would run into an
// earlier one goes a row lower, so that no line crosses a label on its way down.
func (k ink) place(s scene, x linear) ([]label, int) {
	var out []label
	for _, st := range s.analysis.Anatomy {
		if !st.Seen() || st.AtMs > x.hi {
			continue
		}
		l := label{text: stepTitle(s.analysis.Phase, st.Name) + " " + number(st.AtMs), at: st.AtMs, x: x.at(st.AtMs), c: stepColour}
		if st.Name == outage.StepFault {
			l.c = faultColour
		}
		if st.AtMs < x.lo {
			l.text, l.x, l.before = "← "+l.text, x.from-4, true
		}
		i := len(out)
		for i > 0 && out[i-1].at > l.at {
			i--
		}
		out = append(out[:i], append([]label{l}, out[i:]...)...)
	}
	rows := 0
	ends := make([]float64, 0, len(out)) // right end of the last label of each row
	for i := range out {
		w := k.room(smallText, out[i].text)
		out[i].left = out[i].x+w > pictureWidth
		begin, end := out[i].x, out[i].x+w
		if out[i].left {
			begin, end = out[i].x-w, out[i].x
		}
		for out[i].row < len(ends) && anyAfter(ends[out[i].row:], begin) {
			out[i].row++
		}
		for len(ends) <= out[i].row {
			ends = append(ends, math.Inf(-1))
		}
		ends[out[i].row] = end
		rows = max(rows, out[i].row+1)
	}
	return out, rows
}

func anyAfter(ends []float64, x float64) bool {
	for _, e := range ends {
		if e > x {
			return true
		}
	}
	return false
}

// steps draws the lines of the anatomy with their labels.
func (p *picture) steps() {
	for _, l := range p.labels {
		if l.before {
			continue
		}
		y := 4 + float64(l.row)*labelRow
		width, dash := 1.0, []vg.Length{3, 2}
		if l.c == faultColour {
			width, dash = 1.6, nil
		}
		p.line(l.c, width, dash, point{l.x, y}, point{l.x, p.bottom})
	}
	for _, l := range p.labels {
		y := 4 + float64(l.row)*labelRow
		if l.left {
			p.text(l.c, smallText, l.x-4, y+9, end, l.text)
		} else {
			p.text(l.c, smallText, l.x+4, y+9, start, l.text)
		}
	}
}

func (p *picture) panels() {
	y := p.top
	for i, st := range p.streams {
		p.panel(st, y, panelHeight(i))
		y += panelHeight(i) + 6
	}
}

const failStrip = 15 // failed probes have a row of their own above the scale

// panel draws the probes of one stream: latency upwards, failures on top.
func (p *picture) panel(st probes, y, h float64) {
	p.rect(panelColour, p.left, y, p.x.to-p.left, h)
	var seen []float64
	for _, d := range st.dots {
		if !d.failed && d.due >= p.x.lo && d.due <= p.x.hi {
			seen = append(seen, d.latency)
		}
	}
	scale := decadesFor(seen, y+h-5, y+failStrip+5)
	if len(seen) > 0 {
		for _, t := range scale.ticks() {
			p.line(gridColour, 0.6, nil, point{p.left, scale.at(t)}, point{p.x.to, scale.at(t)})
			p.text(mutedColour, 9, p.left-6, scale.at(t)+3, end, tickText(t)+" ms")
		}
	}
	for _, sp := range st.spans {
		a, b := p.x.clamped(sp.FromMs), p.x.clamped(sp.ToMs)
		if sp.ToMs >= p.x.lo && sp.FromMs <= p.x.hi {
			p.rect(bandColour, a, y, max(b-a, 1), h)
		}
	}
	p.text(inkColour, rowText, 4, y+11, start, p.fit(rowText, p.left-p.room(9, "failed"), plain(st.name)))
	if st.failed > 0 {
		p.text(failColour, 9, p.left-6, y+11, end, "failed")
	}
	p.scatter(st.dots, p.x, 4.4, func(d probe) float64 {
		if d.failed {
			return y + failStrip/2
		}
		return scale.at(d.latency)
	})
	if len(st.dots) == 0 {
		p.text(mutedColour, smallText, p.left+6, y+h/2+4, start, "the samples were not saved")
	}
}

// scatter draws probes, one path for each colour. Where dots of one colour
// would cover each other one stands for all; failures are left out only where
// they would fall on the very same spot.
func (p *picture) scatter(dots []probe, x linear, size float64, y func(probe) float64) {
	type cell struct {
		c    colour
		x, y int
	}
	taken := map[cell]bool{}
	by := map[colour][]point{}
	for _, d := range dots {
		if d.due < x.lo || d.due > x.hi {
			continue
		}
		q, c, grain := point{x.at(d.due), y(d)}, p.colourOf(d), size*0.6
		if d.failed {
			grain = 0.5
		}
		at := cell{c, int(q.x / grain), int(q.y / grain)}
		if !taken[at] {
			taken[at] = true
			by[c] = append(by[c], q)
		}
	}
	for c := unknownColour; c < nodeColour+nodeColours; c++ {
		p.dots(c, size, by[c])
	}
	p.dots(failColour, size, by[failColour])
}

func (p *picture) colourOf(d probe) colour {
	if d.failed {
		return failColour
	}
	if c, ok := p.colours[d.node]; ok {
		return c
	}
	return unknownColour
}

// describe is the picture in words.
func describe(s scene) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", phaseTitle(s.analysis.Phase))
	for i, st := range s.analysis.Streams {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(strings.Join(strings.Fields(streamText(st)), " "))
	}
	b.WriteString(". ")
	for _, t := range s.analysis.Holders {
		fmt.Fprintf(&b, "%s held the VIP from %s to %s ms. ", plain(t.Node), number(t.FromMs), number(t.ToMs))
	}
	for _, st := range s.analysis.Anatomy {
		if st.Seen() {
			fmt.Fprintf(&b, "%s at %s ms. ", stepTitle(s.analysis.Phase, st.Name), number(st.AtMs))
		}
	}
	return strings.TrimSpace(b.String())
}
