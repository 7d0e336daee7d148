package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"halab/internal/agentapi"
	"halab/internal/outage"
)

func pageOf(t *testing.T, r *outage.Result) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The page must open without a network, without a script, and from file://.
func TestPageNeedsNothingElse(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*outage.Result{"drill": drilled(), "hostile": hostile(), "empty": {}} {
		page := pageOf(t, r)
		for _, bad := range []string{"<script", "http:", "https:", "url(", "@import", "src=", "<link", "<iframe", "xlink:"} {
			if strings.Contains(strings.ToLower(page), bad) {
				t.Errorf("%s: there is %q in the page", name, bad)
			}
		}
		for _, ref := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			if !strings.HasPrefix(ref[1], "#") || !strings.Contains(page, `id="`+ref[1][1:]+`"`) {
				t.Errorf("%s: the link to %q leads nowhere", name, ref[1])
			}
		}
		if strings.Contains(page, "ZgotmplZ") {
			t.Errorf("%s: the template refused a value", name)
		}
	}
}

// Every picture is well-formed, is drawn in the page's colours and says in words
// what it shows.
func TestPictures(t *testing.T) {
	t.Parallel()
	page := pageOf(t, drilled())
	pictures := regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(page, -1)
	phases := 1 // all scenarios at a glance
	for _, s := range drilled().Scenarios {
		for _, run := range s.Runs {
			phases += len(run.Phases)
		}
	}
	if len(pictures) != phases {
		t.Errorf("%d pictures, want %d", len(pictures), phases)
	}
	for i, p := range pictures {
		d := xml.NewDecoder(strings.NewReader(p))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("picture %d: %v", i, err)
			}
		}
		if m := regexp.MustCompile(`aria-label="[^"]{40,}"`).FindString(p); m == "" {
			t.Errorf("picture %d says nothing to who cannot see it", i)
		}
		if m := regexp.MustCompile(`#[0-9A-F]{6}|font-family|NaN|Inf`).FindString(p); m != "" {
			t.Errorf("picture %d has %s in it", i, m)
		}
	}
}

// However dense the probes are, a failed one is never left out: each has a dot
// where it was due.
func TestNoFailureIsThinnedOut(t *testing.T) {
	t.Parallel()
	s := nodeCrashClassic()
	run := s.Runs[6]
	a := run.Phases[0]
	k, err := newInk()
	if err != nil {
		t.Fatal(err)
	}
	sc := newScene(s, run, a, nil)
	svg, err := k.draw(sc, false)
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[float64]bool{}
	for _, path := range regexp.MustCompile(`<path d="([^"]*)"[^>]*var\(--fail\)`).FindAllStringSubmatch(svg, -1) {
		for _, m := range regexp.MustCompile(`M([0-9.]+) [0-9.]+h0`).FindAllStringSubmatch(path[1], -1) {
			drawn[parse(t, m[1])] = true
		}
	}
	x := linear{sc.from, sc.to, k.column(sc), pictureWidth - rightMargin}
	failed := 0
	for _, p := range sc.streams[0].dots {
		if !p.failed {
			continue
		}
		failed++
		near := false
		for d := -0.6; d <= 0.6; d += 0.1 {
			near = near || drawn[tenth(x.at(p.due)+d)]
		}
		if !near {
			t.Fatalf("the probe that failed at %.1f ms has no dot", p.due)
		}
	}
	if failed < 1500 {
		t.Fatalf("only %d probes failed: the test shows nothing", failed)
	}
}

// A probe counts for the stream it belongs to and is in the picture of one
// phase only.
func TestProbesArePartitioned(t *testing.T) {
	t.Parallel()
	run := haproxyKill(1).Runs[0]
	total := 0
	for _, a := range run.Phases {
		for _, name := range []string{agentapi.StreamEdge, agentapi.StreamStack, agentapi.StreamKeepalive} {
			total += len(probesOf(run.Recorded, a, name))
		}
	}
	if total != len(run.Recorded.Samples) {
		t.Errorf("%d of %d samples are shown", total, len(run.Recorded.Samples))
	}
}

// The large part of a picture is where something happened: around the fault, or
// where nothing came of it, some time after it; a soak is shown whole.
func TestFocus(t *testing.T) {
	t.Parallel()
	step := outage.Step{Name: outage.StepServed, AtMs: 8}
	span := outage.Span{FromMs: 0.4, ToMs: 2800}
	for _, c := range []struct {
		name     string
		a        outage.Analysis
		from, to float64
	}{
		{"a hand-over", outage.Analysis{Anatomy: []outage.Step{step}}, -25, 33},
		{"a step that did not happen", outage.Analysis{Anatomy: []outage.Step{step, {AtMs: 500, Missing: "no"}}}, -25, 33},
		{"an old advert", outage.Analysis{Anatomy: []outage.Step{step, {AtMs: -950}}}, -85, 33},
		{"a long outage", outage.Analysis{Streams: []outage.Stream{{Spans: []outage.Span{span}}}}, -980, 3780},
		{"nothing", outage.Analysis{}, -105, 405},
		{"a soak", outage.Analysis{Phase: outage.PhaseSoak}, -1000, 9000},
	} {
		c.a.FromMs, c.a.ToMs = -1000, 9000
		sc := newScene(outage.ScenarioResult{}, outage.Run{}, c.a, nil)
		if d := max(sc.from-c.from, c.from-sc.from, sc.to-c.to, c.to-sc.to); d > 1 {
			t.Errorf("%s: shown from %.0f to %.0f, want %.0f to %.0f", c.name, sc.from, sc.to, c.from, c.to)
		}
	}
}

// A large drill still makes a page that opens.
func TestPageSize(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("draws 800 pictures")
	}
	r := drilled()
	r.Scenarios = nil
	long, short := nodeCrashClassic(), haproxyKill(20)
	for len(long.Runs) < 20 {
		run := long.Runs[0]
		run.Number = len(long.Runs) + 1
		long.Runs = append(long.Runs, run)
	}
	for range 10 {
		r.Scenarios = append(r.Scenarios, long, short)
	}
	if size := len(pageOf(t, r)); size > 20<<20 {
		t.Errorf("the page of 20 scenarios with 20 runs has %d MiB", size>>20)
	}
}

func TestWorstAndMedianComeFirst(t *testing.T) {
	t.Parallel()
	worst, median, what := notable(nodeCrashClassic())
	if worst != 7 || median != 4 || what != "the longest outage" {
		t.Errorf("worst %d (%s), median %d", worst, what, median)
	}
	worst, _, what = notable(appHang())
	if worst != 4 || what != "the slowest answer" {
		t.Errorf("worst %d (%s)", worst, what)
	}
}

// A picture in a file of its own is whole: well-formed, with its colours, and
// named after its scenario.
func TestPictureFiles(t *testing.T) {
	t.Parallel()
	dir, r := t.TempDir(), drilled()
	if err := Pictures(dir, r); err != nil {
		t.Fatal(err)
	}
	for _, s := range r.Scenarios {
		data, err := os.ReadFile(filepath.Join(dir, fileName(s.Name)+".svg"))
		if validRuns(s) == 0 {
			if err == nil {
				t.Errorf("%s has a picture, and no run of it is a measurement", s.Name)
			}
			continue
		}
		var drawn struct {
			XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
			Style   string   `xml:"style"`
		}
		if err == nil {
			err = xml.Unmarshal(data, &drawn)
		}
		if err != nil || !strings.Contains(drawn.Style, "--n0:") {
			t.Errorf("the picture of %s: %v, style %.40q", s.Name, err, drawn.Style)
		}
	}
}

func TestFileNames(t *testing.T) {
	t.Parallel()
	for scenario, want := range map[string]string{"frontend/node-crash": "frontend-node-crash", "../../Etc x": "etc-x"} {
		if got := fileName(scenario); got != want {
			t.Errorf("the file of %q is %q, not %q", scenario, got, want)
		}
	}
}
