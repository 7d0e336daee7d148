package report

import (
	"bytes"
	"fmt"
	"html"
	"image/color"
	"math"
	"regexp"
	"strings"

	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// colour is a role, not a hue: the page's style sheet gives it one for light,
// dark and paper.
type colour uint8

const (
	inkColour colour = iota
	mutedColour
	gridColour
	panelColour
	failColour
	bandColour
	stepColour
	faultColour
	predictedColour
	windowColour
	unknownColour
	nodeColour // the first of nodeColours colours that tell nodes apart
)

const nodeColours = 6

// property is the name of the CSS custom property of a colour.
func (c colour) property() string {
	if c >= nodeColour {
		return fmt.Sprintf("--n%d", c-nodeColour)
	}
	return [...]string{"--ink", "--muted", "--grid", "--panel", "--fail", "--band",
		"--step", "--fault", "--predicted", "--window", "--unknown"}[c]
}

// The vector canvas wants true colours. Each role goes through it as a colour
// that nothing else has and becomes its custom property afterwards.
func (c colour) sentinel() color.Color { return color.NRGBA{R: 1, G: 0, B: uint8(c), A: 255} }

type point struct{ x, y float64 }

// ink draws pictures: it holds the font that text is measured with. The browser
// shows text in its own.
type ink struct{ font *opentype.Font }

func newInk() (ink, error) {
	f, err := opentype.Parse(goregular.TTF)
	return ink{f}, err
}

func (k ink) face(size float64) font.Face {
	return font.Face{Font: font.Font{Typeface: "Go", Size: vg.Length(size)}, Face: k.font}
}

// anchor says which part of a text stands at its place. The canvas knows only
// beginnings, measured with a font that the browser may not have; so the anchor
// goes through it as a weight of the font and becomes SVG's text-anchor.
type anchor uint8

const (
	start anchor = iota
	middle
	end
)

func (a anchor) weight() xfont.Weight {
	return [...]xfont.Weight{xfont.WeightNormal, xfont.WeightBold, xfont.WeightBlack}[a]
}

// width is about how wide text will be.
func (k ink) width(size float64, s string) float64 {
	face := k.face(size)
	return face.Width(s).Points()
}

// wider is how many times as wide as measured a text may be shown: that is DejaVu
// Sans, what Chromium takes where a system has none of the page's fonts.
const wider = 1.15

// room is how much of the width a text may need, with a little air around it.
func (k ink) room(size float64, s string) float64 { return k.width(size, s)*wider + 8 }

// fit cuts a text that needs more room than there is.
func (k ink) fit(size, room float64, s string) string {
	if k.room(size, s) <= room {
		return s
	}
	runes := []rune(s)
	for len(runes) > 0 && k.room(size, string(runes)+"…") > room {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// pen draws one picture; y counts downwards.
type pen struct {
	ink
	canvas        *vgsvg.Canvas
	width_, depth float64
}

func (k ink) pen(width, depth float64) *pen {
	return &pen{k, vgsvg.NewWith(vgsvg.UseWH(vg.Length(width), vg.Length(depth))), width, depth}
}

func (p *pen) at(q point) vg.Point {
	return vg.Point{X: vg.Length(tenth(q.x)), Y: vg.Length(tenth(p.depth - q.y))}
}

func tenth(v float64) float64 { return math.Round(v*10) / 10 }

func (p *pen) rect(c colour, x, y, w, h float64) {
	var path vg.Path
	path.Move(p.at(point{x, y}))
	path.Line(p.at(point{x + w, y}))
	path.Line(p.at(point{x + w, y + h}))
	path.Line(p.at(point{x, y + h}))
	path.Close()
	p.canvas.SetColor(c.sentinel())
	p.canvas.Fill(path)
}

func (p *pen) line(c colour, width float64, dash []vg.Length, a, b point) {
	p.canvas.SetColor(c.sentinel())
	p.canvas.SetLineWidth(vg.Length(width))
	p.canvas.SetLineDash(dash, 0)
	var path vg.Path
	path.Move(p.at(a))
	path.Line(p.at(b))
	p.canvas.Stroke(path)
}

// dots draws many dots of one colour as one path: a line of no length with a
// round end is a dot, and takes a twentieth of what a circle takes.
func (p *pen) dots(c colour, diameter float64, at []point) {
	if len(at) == 0 {
		return
	}
	p.canvas.SetColor(c.sentinel())
	p.canvas.SetLineWidth(vg.Length(diameter))
	p.canvas.SetLineDash(nil, 0)
	var path vg.Path
	for _, q := range at {
		path.Move(p.at(q))
		path.Line(p.at(q))
	}
	p.canvas.Stroke(path)
}

// text writes s with its baseline at y.
func (p *pen) text(c colour, size, x, y float64, a anchor, s string) {
	if s == "" {
		return
	}
	face := p.face(size)
	face.Font.Weight = a.weight()
	p.canvas.SetColor(c.sentinel())
	p.canvas.FillString(face, p.at(point{x, y}), s)
}

// svg finishes the picture: an element for an HTML page that grows with its
// box, in the page's colours and font, with label as its text alternative.
func (p *pen) svg(label string) (string, error) {
	var b bytes.Buffer
	if _, err := p.canvas.WriteTo(&b); err != nil {
		return "", err
	}
	s := b.String()
	s = s[strings.Index(s, "<g "):]
	for c := inkColour; c < nodeColour+nodeColours; c++ {
		s = strings.ReplaceAll(s, fmt.Sprintf("#0100%02X", uint8(c)), "var("+c.property()+")")
	}
	s = fontStyle.ReplaceAllStringFunc(s, anchorStyle)
	s = dot.ReplaceAllStringFunc(s, shortDot)
	return fmt.Sprintf(`<svg class="pic" viewBox="0 0 %g %g" role="img" aria-label="%s">%s`,
		p.width_, p.depth, html.EscapeString(label), s), nil
}

var (
	fontStyle = regexp.MustCompile(`font-family:[^;"]*;font-variant:[^;"]*;font-weight:[^;"]*;font-style:[^;"]*;`)
	dot       = regexp.MustCompile(`M[0-9.,-]+L[0-9.,-]+`)
)

// anchorStyle leaves of a font only what was said with its weight.
func anchorStyle(s string) string {
	switch {
	case strings.Contains(s, "font-weight:bold"):
		return "text-anchor:middle;"
	case strings.Contains(s, "font-weight:900"):
		return "text-anchor:end;"
	}
	return ""
}

// shortDot writes a line of no length without saying its place twice.
func shortDot(s string) string {
	from, to, _ := strings.Cut(s[1:], "L")
	if from != to {
		return s
	}
	return "M" + strings.Replace(from, ",", " ", 1) + "h0"
}
