package report

import (
	"bufio"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"sort"

	"halab/internal/agentapi"
	"halab/internal/outage"
)

//go:embed page.html
var pageTemplate string

//go:embed page.css
var pageStyle string

//go:embed picture.css
var pictureStyle string

// manyPictures is where the pictures of runs that are neither worst nor median
// lose their strip of the whole phase, to keep the page at a size that opens.
const manyPictures = 200

// page is what the template shows; pictures are drawn while it is written, so
// that never more than one is in memory.
type page struct {
	result    *outage.Result
	ink       ink
	colours   map[string]colour
	frugal    bool
	Style     template.CSS
	Nodes     []legendNode
	Facts     [][2]string
	Budgets   []outage.BudgetVerdict
	Findings  []findingLine
	Scenarios []scenarioView
	Version   string
	Aborted   bool
}

type legendNode struct {
	Name  string
	Class string
}

type scenarioView struct {
	page        *page
	s           outage.ScenarioResult
	ID          string
	Name        string
	Description string
	Rows        []row
	Held        []heldLine
	Notes       []note
	Valid, All  int
	Runs        []runView
}

type runView struct {
	scenario *scenarioView
	run      outage.Run
	Number   int
	Title    string
	Open     bool
	Summary  string
	Error    string
	Phases   []phaseView
}

type phaseView struct {
	view   *runView
	a      outage.Analysis
	Title  string
	Words  []string
	Steps  []stepView
	Broken []note
}

type stepView struct{ Name, At, Delta, Node, Source string }

// HTML writes the result as one page that needs nothing else: no network, no
// script, no font. It works from file:// and on paper.
func HTML(w io.Writer, r *outage.Result) error {
	k, err := newInk()
	if err != nil {
		return err
	}
	t, err := template.New("page").Funcs(template.FuncMap{
		"number": number, "check": checkText, "plain": plain,
		"verdictClass": func(r row) string { return map[string]string{"OUT": "bad", "ok": "good"}[r.Verdict()] },
	}).Parse(pageTemplate)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	if err := t.Execute(b, newPage(r, k)); err != nil {
		return err
	}
	return b.Flush()
}

func newPage(r *outage.Result, k ink) *page {
	p := &page{
		result: r, ink: k, Style: template.CSS(pictureStyle + pageStyle), Facts: facts(r), // our own style sheets
		Budgets: budgets(r), Findings: findingLines(r), Version: plain(r.Halab), Aborted: r.Interrupted,
	}
	var names []string
	p.colours, names = palette(r)
	for _, n := range names {
		p.Nodes = append(p.Nodes, legendNode{plain(n), fmt.Sprintf("n%d", p.colours[n]-nodeColour)})
	}
	pictures := 0
	for i, s := range r.Scenarios {
		v := scenarioView{
			page: p, s: s, ID: fmt.Sprintf("s%d", i), Name: plain(s.Name), Description: plain(s.Description),
			Rows: rows(s), Held: heldLines(s), Notes: notes(s), Valid: validRuns(s), All: len(s.Runs),
		}
		p.Scenarios = append(p.Scenarios, v)
		for _, run := range s.Runs {
			pictures += len(run.Phases)
		}
	}
	p.frugal = pictures > manyPictures
	for i := range p.Scenarios {
		p.Scenarios[i].Runs = p.Scenarios[i].views()
	}
	return p
}

// Glance is the picture of all scenarios.
func (p *page) Glance() (template.HTML, error) {
	s, err := p.ink.glance(p.result)
	return template.HTML(s), err // drawn here; texts in it are escaped
}

// Predictions are those with a formula to show.
func (v scenarioView) Predictions() []outage.Prediction { return v.s.Predictions }

// views puts the worst run and the median one first and opens them; the others
// follow by number.
func (v *scenarioView) views() []runView {
	worst, median, what := notable(v.s)
	var out []runView
	for _, run := range v.s.Runs {
		rv := runView{
			scenario: v, run: run, Number: run.Number, Title: fmt.Sprintf("Run %d", run.Number),
			Summary: runSummary(run), Error: plain(run.Error),
		}
		switch {
		case v.Valid == 1 && run.Number == worst:
			rv.Open = true
		case run.Number == worst:
			rv.Title, rv.Open = rv.Title+", "+what, true
		case run.Number == median:
			rv.Title, rv.Open = rv.Title+", the median", true
		}
		out = append(out, rv)
	}
	rank := func(v runView) int {
		switch v.Number {
		case worst:
			return 0
		case median:
			return 1
		}
		return 2
	}
	sort.SliceStable(out, func(i, j int) bool { return rank(out[i]) < rank(out[j]) })
	for i := range out {
		for _, a := range out[i].run.Phases {
			out[i].Phases = append(out[i].Phases, newPhaseView(&out[i], a))
		}
	}
	return out
}

// notable finds the numbers of the worst run and of the median one: by the
// edge's outage and, where that saw none, by the other streams' and by the
// slowest answer. What says by which of the two the worst one is worst.
func notable(s outage.ScenarioResult) (worst, median int, what string) {
	var valid []outage.Run
	for _, run := range s.Runs {
		if run.Valid() {
			valid = append(valid, run)
		}
	}
	if len(valid) == 0 {
		return 0, 0, ""
	}
	sort.SliceStable(valid, func(i, j int) bool { return slices.Compare(badness(valid[i]), badness(valid[j])) < 0 })
	last := valid[len(valid)-1]
	what = "the slowest answer"
	for _, st := range last.Phases[0].Streams {
		if st.OutageLongestMs > 0 {
			what = "the longest outage"
		}
	}
	return last.Number, valid[(len(valid)-1)/2].Number, what
}

// badness orders runs: outages by stream, then the slowest answer of all.
func badness(run outage.Run) []float64 {
	out, slow := []float64{}, 0.0
	for _, name := range []string{agentapi.StreamEdge, agentapi.StreamStack, agentapi.StreamKeepalive} {
		st, _ := streamOf(run.Phases[0], name)
		out = append(out, st.OutageLongestMs)
		slow = max(slow, st.LatencyMaxMs)
	}
	return append(out, slow)
}

func runSummary(run outage.Run) string {
	if run.Error != "" {
		return "not carried out"
	}
	s := ""
	for _, a := range run.Phases {
		st, ok := streamOf(a, agentapi.StreamEdge)
		if !ok {
			continue
		}
		if s != "" {
			s += "; "
		}
		s += phaseTitle(a.Phase) + " " + number(st.OutageLongestMs) + " ms"
		if held := heldRun(run, a); held != "" && a.Phase == outage.PhaseFault {
			s += " for new connections, " + held
		}
		if !a.Valid {
			s += " (not a measurement)"
		}
	}
	return s
}

func newPhaseView(rv *runView, a outage.Analysis) phaseView {
	v := phaseView{view: rv, a: a, Title: phaseTitle(a.Phase)}
	if !a.Valid {
		v.Broken = append(v.Broken, note{Text: "not a measurement: " + plain(a.Invalid)})
	}
	for _, st := range a.Streams {
		v.Words = append(v.Words, streamText(st))
	}
	v.Words = append(v.Words, heldWords(rv.run, a)...)
	for _, inv := range a.Invariants {
		if inv.Broken() || inv.Remarkable() {
			v.Broken = append(v.Broken, note{Bad: inv.Remarkable(), Text: invariantText(inv)})
		}
	}
	previous, any := 0.0, false
	for _, st := range a.Anatomy {
		sv := stepView{Name: stepTitle(a.Phase, st.Name), Node: plain(st.Node), Source: plain(st.Source)}
		if st.Seen() {
			sv.At = number(st.AtMs)
			if any {
				sv.Delta = signed(st.AtMs - previous)
			}
			previous, any = st.AtMs, true
		} else {
			sv.At, sv.Source = "–", plain(st.Missing)
		}
		v.Steps = append(v.Steps, sv)
	}
	return v
}

// Picture draws the phase.
func (v phaseView) Picture() (template.HTML, error) {
	p := v.view.scenario.page
	sc := newScene(v.view.scenario.s, v.view.run, v.a, p.colours)
	s, err := p.ink.draw(sc, v.view.Open || !p.frugal)
	return template.HTML(s), err // drawn here; texts in it are escaped
}

// Head says what is to know of the phase.
func (v phaseView) Head() string { return runHead(v.view.run, v.a) }
