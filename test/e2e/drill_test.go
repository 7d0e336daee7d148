package e2e

import (
	"encoding/json"
	"encoding/xml"
	"halab/internal/fault"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// drilled is the part of a drill's JSON that the tests look at.
type drilled struct {
	FloorMs   float64 `json:"floor_ms"`
	Scenarios []struct {
		Name    string `json:"name"`
		Summary []struct {
			Metric string  `json:"metric"`
			N      int     `json:"n"`
			Max    float64 `json:"max"`
		} `json:"summary"`
		Predictions  []json.RawMessage `json:"predictions"`
		NoPrediction string            `json:"no_prediction"`
		Flags        []struct {
			Text string `json:"text"`
		} `json:"flags"`
		Runs []struct {
			Target string `json:"target"`
			Holder string `json:"holder"`
			Phases []struct {
				Phase   string `json:"phase"`
				Valid   bool   `json:"valid"`
				Anatomy []struct {
					Name    string `json:"name"`
					Missing string `json:"missing"`
				} `json:"anatomy"`
			} `json:"phases"`
		} `json:"runs"`
	} `json:"scenarios"`
}

func readDrill(t *testing.T, text string) drilled {
	t.Helper()
	var d drilled
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatalf("the drill's JSON: %v\n%.400s", err, text)
	}
	return d
}

// metric is the greatest value of a metric over the runs that count.
func (d drilled) metric(t *testing.T, scenario, name string) float64 {
	t.Helper()
	for _, s := range d.Scenarios {
		for _, m := range s.Summary {
			if s.Name == scenario && m.Metric == name && m.N > 0 {
				return m.Max
			}
		}
	}
	t.Errorf("%s has no %s", scenario, name)
	return 0
}

// tries are allowed to each run: the machine that tests run on is busy.
const tries = "25"

// scenarios are what TestScenarios drills: in `make nightly` all that are built in,
// in `make test` one for each way in which a client loses something, or nothing.
func scenarios() (names []string, count int) {
	if tier("nightly") {
		return nil, 22
	}
	names = []string{"frontend/node-crash", "frontend/haproxy-hang", "frontend/app-kill", "frontend/switch", "backend/node-crash"}
	return names, len(names)
}

// Built-in scenarios run, measure something, and mend what they broke; every report
// of them can be read.
func TestScenarios(t *testing.T) {
	lab := Shared(t)
	lab.AwaitReady(t, time.Minute)
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	names, count := scenarios()
	r := lab.Run(t, append([]string{"drill", "--repeat", "1", "--attempts", tries, "--json",
		"--budget", "edge.outage.max<=2s", "--save", file("d.json.gz"),
		"--junit", file("d.xml"), "--markdown", file("d.md"), "--html", file("d.html")}, names...)...)
	d := readDrill(t, r.Stdout)
	if len(d.Scenarios) != count {
		t.Errorf("%d scenarios were drilled, not %d", len(d.Scenarios), count)
	}
	for _, s := range d.Scenarios {
		if len(s.Predictions) == 0 {
			t.Errorf("%s has no prediction", s.Name)
		}
	}
	checkCrash(t, d)
	lab.AwaitReady(t, time.Minute)
	checkReports(t, dir)
	again := lab.Run(t, "report", file("d.json.gz"), "--json")
	if len(readDrill(t, again.Stdout).Scenarios) != len(d.Scenarios) {
		t.Error("a saved drill reports other scenarios than it had")
	}
	lab.BreaksBudget(t, "report", file("d.json.gz"), "--budget", "frontend/haproxy-hang:edge.outage.max<=1ms")
}

// checkCrash looks at the scenario that says most: the node crashes, the VIP
// moves, and each step of it was seen.
func checkCrash(t *testing.T, d drilled) {
	t.Helper()
	outage := d.metric(t, "frontend/node-crash", "edge.outage")
	if outage <= 0 || outage > 1000 {
		t.Errorf("a crash of the VIP's holder cost %g ms", outage)
	}
	if lost := d.metric(t, "frontend/app-kill", "edge.failed"); lost != 0 {
		t.Errorf("the edge lost %g requests to the death of an app", lost)
	}
	for _, s := range d.Scenarios {
		if s.Name != "frontend/node-crash" {
			continue
		}
		last := s.Runs[len(s.Runs)-1]
		for _, step := range last.Phases[0].Anatomy {
			if step.Missing != "" {
				t.Errorf("the anatomy of a crash lacks %s: %s", step.Name, step.Missing)
			}
		}
	}
}

// checkReports reads each file as its readers would.
func checkReports(t *testing.T, dir string) {
	t.Helper()
	var suites struct {
		XMLName xml.Name `xml:"testsuites"`
		Suites  []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name string `xml:"name,attr"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	data, err := os.ReadFile(filepath.Join(dir, "d.xml"))
	if err == nil {
		err = xml.Unmarshal(data, &suites)
	}
	if err != nil || len(suites.Suites) < 5 || len(suites.Suites[0].Cases) == 0 {
		t.Errorf("the JUnit file: %v, %d suites", err, len(suites.Suites))
	}
	for name, word := range map[string]string{"d.md": "| ", "d.html": "<svg"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(data), word) {
			t.Errorf("%s: %v, %d bytes, without %q", name, err, len(data), word)
		}
	}
}

// BreaksBudget runs halab on a budget that cannot hold: exit code 3, and the answer
// says which condition broke.
func (l *Lab) BreaksBudget(t *testing.T, args ...string) {
	t.Helper()
	r := l.Try(t, args...)
	if r.Code != 3 {
		t.Errorf("exit code %d, not 3:\n%s", r.Code, r)
	}
	Says(t, r, "edge.outage.max<=1ms")
}

// The measurement is measured: outages of a known length come back within the
// floor.
func TestCalibration(t *testing.T) {
	lab := Shared(t)
	lab.AwaitReady(t, time.Minute)
	d := readDrill(t, lab.Run(t, "drill", "calibrate", "--repeat", "2", "--attempts", tries, "--json").Stdout)
	for name, known := range map[string]float64{
		"frontend/calibrate-20ms": 20, "frontend/calibrate-50ms": 50, "frontend/calibrate-200ms": 200,
	} {
		// A probe that was under way when the outage began adds what it took.
		if read := d.metric(t, name, "edge.outage"); read < known-d.FloorMs-1 || read > known+d.FloorMs+1 {
			t.Errorf("%s was read as %g ms, the floor is %g ms", name, read, d.FloorMs)
		}
	}
}

// A drill that is interrupted mends what it broke, and ends with 130.
func TestInterruptedDrillMends(t *testing.T) {
	lab := Shared(t)
	lab.AwaitReady(t, time.Minute)
	p := lab.Start(t, "drill", "frontend/haproxy-stop", "--repeat", "50")
	Eventually(t, time.Minute, "something is broken", func() (bool, string) {
		s := lab.Status(t)
		return !s.Ready || p.Ended(), "the lab is ready"
	})
	p.Signal(syscall.SIGINT)
	if r := p.Wait(); r.Code != 130 {
		t.Errorf("exit code %d, not 130:\n%s", r.Code, r)
	}
	lab.AwaitReady(t, 20*time.Second)
}

// A scenario file is carried out step by step; one that is wrong is refused
// with its lines.
func TestScenarioFile(t *testing.T) {
	lab := Shared(t)
	lab.AwaitReady(t, time.Minute)
	r := lab.Run(t, "drill", "-s", "../../examples/scenarios/second-blow.yaml", "--repeat", "1", "--attempts", tries)
	Says(t, r, "second-blow")
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	text := "name: x\ncluster: frontend\nsteps:\n  - fail: frontend-00 haproxi\n  - wait: soon\n"
	if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	lab.Refuse(t, 1, []string{"bad.yaml:4", `did you mean "haproxy"`, "bad.yaml:5"}, "drill", "-s", bad)
	lab.Refuse(t, 2, []string{"position", "edge.outage"}, "drill", "--budget", "edge.outge<=1ms")
}

// What is done to a cluster as a whole: a start of all its nodes is seen to its end with
// one holder, and a change that comes to one node after the other elects nobody.
func TestDrillsOfACluster(t *testing.T) {
	lab := Shared(t)
	d := drillOne(t, lab, "frontend/start")
	if out := d.metric(t, "frontend/start", "edge.outage"); out < 100 {
		t.Errorf("all nodes rebooted, and clients were without an answer for %g ms", out)
	}
	lab.awaitOneHolder(t, "frontend")
	d = drillOne(t, lab, "frontend/rolling")
	for _, metric := range []string{"edge.failed", "elections"} {
		if n := d.metric(t, "frontend/rolling", metric); n != 0 {
			t.Errorf("a rolling reload: %s is %g", metric, n)
		}
	}
}

// A lab that is left alone elects nobody.
func TestDrillAtRest(t *testing.T) {
	Nightly(t)
	lab := Shared(t)
	if n := drillOne(t, lab, "frontend/rest").metric(t, "frontend/rest", "elections"); n != 0 {
		t.Errorf("%g elections although nothing was done", n)
	}
}

// A short soak under load: nothing fails over, and the load is gone afterwards.
func TestSoak(t *testing.T) {
	Nightly(t)
	lab := Shared(t)
	lab.AwaitReady(t, time.Minute)
	r := lab.Try(t, "drill", "--soak", "5s", "--stress", "4", "--json")
	if r.Code != 0 {
		t.Fatalf("the soak: %s", r)
	}
	if n := readDrill(t, r.Stdout).metric(t, "frontend/soak", "elections"); n != 0 {
		t.Errorf("%g elections although nothing failed", n)
	}
	out, err := tryCommand("docker", "ps", "-aq", "--filter", "label=halab.service=helper", "--filter", "label=halab.lab="+lab.Name)
	if err != nil || strings.TrimSpace(out) != "" {
		t.Errorf("the load is still there: %v %s", err, out)
	}
}

// drillOne drills one scenario once, and finds it measured, predicted or said to be
// not, and mended.
func drillOne(t *testing.T, lab *Lab, words ...string) drilled {
	t.Helper()
	d := drillOnce(t, lab, tries, words...)
	s := d.Scenarios[0]
	if last := s.Runs[len(s.Runs)-1]; len(last.Phases) == 0 || !last.Phases[0].Valid {
		t.Errorf("%s was not measured: %+v", s.Name, last)
	}
	return d
}

// drillOnce tries so often for one measurement, and takes what it gets.
func drillOnce(t *testing.T, lab *Lab, attempts string, words ...string) drilled {
	t.Helper()
	lab.AwaitReady(t, time.Minute)
	args := append([]string{"drill"}, words...)
	r := lab.Try(t, append(args, "--repeat", "1", "--attempts", attempts, "--json")...)
	if r.Code != 0 && !strings.Contains(r.Stderr, "are measurements") {
		t.Fatalf("%v: %s", words, r)
	}
	d := readDrill(t, r.Stdout)
	if len(d.Scenarios) != 1 || len(d.Scenarios[0].Runs) == 0 {
		t.Fatalf("one scenario was asked for, and there are %+v", d.Scenarios)
	}
	s := d.Scenarios[0]
	if (len(s.Predictions) > 0) == (s.NoPrediction != "") {
		t.Errorf("%s has %d predictions, and none because %q", s.Name, len(s.Predictions), s.NoPrediction)
	}
	for _, f := range s.Flags {
		t.Logf("%s: %s", s.Name, f.Text)
	}
	lab.AwaitReady(t, time.Minute)
	return d
}

// Faults that had no scenario before they could all be drilled, by the words of
// `halab fail`: on the holder of a cluster's VIP, and on a node, which may hold it or
// not.
func TestDrillInTheWordsOfFail(t *testing.T) {
	lab := Shared(t)
	d := drillOne(t, lab, "frontend", "link down")
	if out := d.metric(t, "frontend/link-down", "edge.outage"); out <= 0 || out > 1000 {
		t.Errorf("a pulled cable cost a client %g ms", out)
	}
	// The VIP goes to and fro all the time, and whether a probe is late meanwhile is
	// the machine's business: what is told of it counts.
	if d = drillOnce(t, lab, "2", "frontend-01", "loss 30"); d.Scenarios[0].NoPrediction == "" {
		t.Error("it is not said that nothing is predicted of frames that are lost by chance")
	}
	if last := d.Scenarios[0].Runs[len(d.Scenarios[0].Runs)-1]; last.Target != "frontend-01" || last.Holder == "" {
		t.Errorf("loss 30 on frontend-01 hit %q, and %q held the VIP", last.Target, last.Holder)
	}
	d = drillOne(t, lab, Other(lab.HolderOf(t, "frontend")), "keepalived kill")
	if out := d.metric(t, d.Scenarios[0].Name, "edge.outage"); out != 0 {
		t.Errorf("the end of the backup's keepalived cost a client %g ms", out)
	}
}

// Every fault of the catalogue can be drilled.
func TestEveryFaultIsDrilled(t *testing.T) {
	Nightly(t)
	lab := Shared(t)
	for _, o := range fault.Drills("frontend") {
		if o.TakesPower() || slices.Contains([]string{"delay"}, o.Kind.Name) && !kernelHasNetem(t) {
			continue // what can't be had here is refused: TestEveryFault
		}
		t.Run(o.Drill(), func(t *testing.T) {
			name := "frontend/" + o.Slug()
			if o.Peer != "" {
				name = "frontend/" + o.Drill()
			}
			if o.Effect().Disturbs {
				drillOnce(t, lab, "2", name)
			} else {
				drillOne(t, lab, name)
			}
		})
	}
}
