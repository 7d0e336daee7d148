package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"halab/internal/outage"
)

// The elements of a JUnit report, as the XML schema that CI servers share has
// them: testsuites, testsuite, properties, testcase with failure, error or
// skipped, system-out.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Timestamp  string          `xml:"timestamp,attr"`
		Hostname   string          `xml:"hostname,attr"`
		ID         int             `xml:"id,attr"`
		Package    string          `xml:"package,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
		Out        string          `xml:"system-out"`
		Err        string          `xml:"system-err"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Skipped *junitOutcome `xml:"skipped"`
		Error   *junitOutcome `xml:"error"`
		Failure *junitOutcome `xml:"failure"`
		Out     string        `xml:"system-out,omitempty"`
		seconds float64
	}
	junitOutcome struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes the result as JUnit XML: a test suite for each scenario, in it a
// test case for each run and each check of a budget. A broken check is a
// failure, a run that could not be carried out an error, and a run that is no
// measurement is skipped; but a scenario without a single measurement is an
// error too.
func JUnit(w io.Writer, r *outage.Result) error {
	doc := junitSuites{Name: "halab drill"}
	total := 0.0
	for i, s := range r.Scenarios {
		suite, seconds := junitScenario(r, s)
		suite.ID = i
		total += seconds
		doc.Suites = append(doc.Suites, suite)
		doc.Tests += suite.Tests
		doc.Failures += suite.Failures
		doc.Errors += suite.Errors
		doc.Skipped += suite.Skipped
	}
	for _, of := range []func(*outage.Result) (junitSuite, bool){junitFindings, junitOrphans} {
		if rest, ok := of(r); ok {
			rest.ID = len(doc.Suites)
			doc.Suites = append(doc.Suites, rest)
			doc.Tests += rest.Tests
			doc.Failures += rest.Failures
			doc.Skipped += rest.Skipped
		}
	}
	doc.Time = seconds(total)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(doc); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }

func junitScenario(r *outage.Result, s outage.ScenarioResult) (junitSuite, float64) {
	name := plain(s.Name)
	suite := newJUnitSuite(r, name)
	if len(s.Runs) > 0 && !s.Runs[0].Started.IsZero() {
		suite.Timestamp = s.Runs[0].Started.UTC().Format("2006-01-02T15:04:05")
	}
	for _, run := range s.Runs {
		suite.add(junitRun(name, run))
	}
	if validRuns(s) == 0 {
		suite.add(junitCase{Name: "measurement", Class: "halab.drill." + name, Error: &junitOutcome{
			Type: "no-measurement", Message: "not one run of the scenario is a measurement"}})
	}
	for _, b := range budgets(r) {
		for _, c := range b.Checks {
			if c.Scenario == s.Name {
				suite.add(junitCheck(name, c))
			}
		}
	}
	var out strings.Builder
	for _, n := range notes(s) {
		out.WriteString(n.Text + "\n")
	}
	suite.Out = out.String()
	total := 0.0
	for _, c := range suite.Cases {
		total += c.seconds
	}
	suite.Time = seconds(total)
	return suite, total
}

// junitOrphans is a suite of the checks that are of no scenario that was run: a
// budget for what was not run must not get lost.
func junitOrphans(r *outage.Result) (junitSuite, bool) {
	suite := newJUnitSuite(r, "budget")
	for _, b := range budgets(r) {
		for _, c := range b.Checks {
			if _, ok := scenario(r, c.Scenario); !ok {
				suite.add(junitCheck("budget", c))
			}
		}
	}
	suite.Time = seconds(0)
	return suite, suite.Tests > 0
}

func newJUnitSuite(r *outage.Result, name string) junitSuite {
	return junitSuite{
		Name: name, Package: "halab.drill", Hostname: plain(r.Lab),
		Timestamp: r.Date.UTC().Format("2006-01-02T15:04:05"),
		Properties: []junitProperty{
			{"profile", plain(r.Profile)}, {"base", plain(r.Base)},
			{"seed", fmt.Sprint(r.Seed)}, {"floor_ms", number(r.FloorMs)},
		},
	}
}

func (s *junitSuite) add(c junitCase) {
	c.Time = seconds(c.seconds)
	s.Cases = append(s.Cases, c)
	s.Tests++
	switch {
	case c.Error != nil:
		s.Errors++
	case c.Failure != nil:
		s.Failures++
	case c.Skipped != nil:
		s.Skipped++
	}
}

func junitRun(scenario string, run outage.Run) junitCase {
	c := junitCase{Name: fmt.Sprintf("run %d", run.Number), Class: "halab.drill." + scenario}
	var out strings.Builder
	for _, a := range run.Phases {
		c.seconds += (a.ToMs - a.FromMs) / 1000
		for _, st := range a.Streams {
			fmt.Fprintf(&out, "%s %s\n", phaseTitle(a.Phase), streamText(st))
		}
		for _, w := range heldWords(run, a) {
			fmt.Fprintf(&out, "%s %s\n", phaseTitle(a.Phase), w)
		}
		if !a.Valid && c.Skipped == nil {
			c.Skipped = &junitOutcome{Message: "not a measurement: " + plain(a.Invalid)}
		}
	}
	for _, n := range runNotes(run) {
		out.WriteString(n.Text + "\n")
	}
	if run.Error != "" {
		c.Skipped = nil
		c.Error = &junitOutcome{Type: "run", Message: plain(run.Error)}
	}
	c.Out = out.String()
	return c
}

func junitCheck(scenario string, b outage.BudgetCheck) junitCase {
	c := junitCase{Name: "budget " + plain(b.Condition), Class: "halab.drill." + scenario}
	if !b.Held {
		c.Failure = &junitOutcome{
			Type: "budget", Message: checkText(b),
			Text: fmt.Sprintf("measured %s, limit %s", withUnit(b.Measured, b.Unit), withUnit(b.Limit, b.Unit)),
		}
	}
	return c
}
