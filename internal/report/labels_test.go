package report

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"halab/internal/drill"
	"halab/internal/outage"
	"halab/internal/topology"
)

// dejaVuSans is how wide the printable letters of ASCII are in DejaVu Sans (2.37),
// of 2048 to the font's size. Chromium takes it where a system has nothing else,
// and it is the widest of the page's fonts.
func dejaVuSans() []float64 {
	return []float64{
		651, 821, 942, 1716, 1303, 1946, 1597, 563, 799, 799, 1024, 1716, 651, 739, 651, 690, 1303, 1303, 1303, 1303,
		1303, 1303, 1303, 1303, 1303, 1303, 690, 690, 1716, 1716, 1716, 1087, 2048, 1401, 1405, 1430, 1577, 1294, 1178,
		1587, 1540, 604, 604, 1343, 1141, 1767, 1532, 1612, 1235, 1612, 1423, 1300, 1251, 1499, 1401, 2025, 1403, 1251,
		1403, 799, 690, 799, 1716, 1024, 1024, 1255, 1300, 1126, 1300, 1260, 721, 1300, 1298, 569, 569, 1186, 569, 1995,
		1298, 1253, 1300, 1300, 842, 1067, 803, 1298, 1212, 1675, 1212, 1212, 1075, 1303, 690, 1303, 1716,
	}
}

// shown is how wide a text is in that font; what is not ASCII is as wide as its
// size (…, ←) or less.
func shown(size float64, s string) float64 {
	w, letters := 0.0, dejaVuSans()
	for _, r := range s {
		if n := int(r) - ' '; n >= 0 && n < len(letters) {
			w += letters[n]
		} else {
			w += 2048
		}
	}
	return w / 2048 * size
}

// written is a text of a picture with where it begins and ends.
type written struct {
	text     string
	size     float64
	from, to float64
	y        float64
}

var fontSize = regexp.MustCompile(`font-size:([0-9.]+)px`)

// texts reads those of a picture.
func texts(t *testing.T, svg string) []written {
	t.Helper()
	var doc struct {
		Groups []struct {
			Texts []struct {
				X     float64 `xml:"x,attr"`
				Y     float64 `xml:"y,attr"`
				Style string  `xml:"style,attr"`
				Text  string  `xml:",chardata"`
			} `xml:"text"`
		} `xml:"g"`
	}
	if err := xml.Unmarshal([]byte(svg), &doc); err != nil {
		t.Fatal(err)
	}
	var list []written
	for _, g := range doc.Groups {
		for _, x := range g.Texts {
			size, err := strconv.ParseFloat(fontSize.FindStringSubmatch(x.Style)[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			w := written{text: strings.TrimSpace(x.Text), size: size, from: x.X, y: x.Y}
			width := shown(size, w.text)
			switch {
			case strings.Contains(x.Style, "text-anchor:end"):
				w.from -= width
			case strings.Contains(x.Style, "text-anchor:middle"):
				w.from -= width / 2
			}
			w.to = w.from + width
			list = append(list, w)
		}
	}
	if len(list) < 10 {
		t.Fatalf("only %d texts: the test shows nothing", len(list))
	}
	return list
}

// within checks that no text is cut off at an edge, and that none of the labels
// on the left, which are those that begin before column, runs into the drawing
// or into another one of its line.
func within(t *testing.T, name string, all []written, column float64) {
	t.Helper()
	for n, w := range all {
		if w.from < 0 || w.to > pictureWidth {
			t.Errorf("%s: %q goes from %.0f to %.0f of 0 to %d", name, w.text, w.from, w.to, pictureWidth)
		}
		if w.from < column/2 && w.to > column {
			t.Errorf("%s: %q ends at %.0f, its column at %.0f", name, w.text, w.to, column)
		}
		for _, v := range all[:n] {
			if w.y == v.y && w.from < v.to && v.from < w.to {
				t.Errorf("%s: %q and %q are written over each other", name, v.text, w.text)
			}
		}
	}
}

// Every text of a picture fits where it is, in the widest font, for every scenario
// and for short outages and long ones.
func TestEveryLabelFitsItsColumn(t *testing.T) {
	t.Parallel()
	k, err := newInk()
	if err != nil {
		t.Fatal(err)
	}
	r := drilled()
	r.Scenarios = nil
	for _, sc := range drill.NewMenu(&topology.Lab{Profile: topology.ProfileFast, Clusters: []topology.Cluster{{Name: "frontend"}, {Name: "backend"}}}, nil).Scenarios() {
		s := outage.ScenarioResult{Name: sc.Name, Kind: sc.Kind, Cluster: sc.Cluster}
		for n, length := range []float64{0, 90.4, 4046} {
			nodes := nodesOf(sc.Cluster)
			fault := plot{phase: outage.PhaseFault, old: nodes[0].Name, new: nodes[1].Name, dies: 0.4, back: 0.4 + length, from: -250, to: 1.2*length + 700, adverts: 10}
			failback := fault
			failback.phase, failback.old, failback.new = outage.PhaseFailback, fault.new, fault.old
			run := runOf(sc.Kind, sc.Cluster, n+1, fault, failback)
			run.Recorded.Samples = run.Recorded.Samples[:min(2000, len(run.Recorded.Samples))] // some of which failed
			s.Runs = append(s.Runs, run)
		}
		s = finish(s)
		for _, long := range []bool{false, true} {
			if long {
				s = renamed(s, strings.Repeat("application-tier-", 3))
			}
			for _, run := range s.Runs {
				for _, a := range run.Phases {
					scene := newScene(s, run, a, nil)
					svg, err := k.draw(scene, true)
					if err != nil {
						t.Fatal(err)
					}
					within(t, fmt.Sprintf("%s, run %d, %s", s.Name, run.Number, a.Phase), texts(t, svg), k.column(scene))
				}
			}
			r.Scenarios = append(r.Scenarios, s)
		}
	}
	svg, err := k.glance(r)
	if err != nil {
		t.Fatal(err)
	}
	within(t, "all scenarios", texts(t, svg), glanceMost)
}

// renamed gives all nodes of a scenario, and itself, a longer name.
func renamed(s outage.ScenarioResult, prefix string) outage.ScenarioResult {
	s.Name, s.Runs = prefix+s.Name, slices.Clone(s.Runs)
	for n := range s.Runs {
		rec := *s.Runs[n].Recorded
		rec.Nodes = slices.Clone(rec.Nodes)
		for i := range rec.Nodes {
			rec.Nodes[i].Name = prefix + rec.Nodes[i].Name
		}
		s.Runs[n].Recorded, s.Runs[n].Phases = &rec, slices.Clone(s.Runs[n].Phases)
		for i := range s.Runs[n].Phases {
			a := &s.Runs[n].Phases[i]
			a.Holders, a.Masters = slices.Clone(a.Holders), slices.Clone(a.Masters)
			for _, list := range [][]outage.Tenure{a.Holders, a.Masters} {
				for j := range list {
					list[j].Node = prefix + list[j].Node
				}
			}
		}
	}
	return s
}
