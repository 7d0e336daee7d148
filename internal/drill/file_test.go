package drill

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const wellFormed = `# two faults in a row
name: double trouble
description: HAProxy dies while the other node's app is down.
cluster: frontend
budget: edge.outage.p95<=100ms
shows: two_holders
steps:
  - fail: frontend-02 app
  - wait: 250ms
  - fail: frontend-00 haproxy kill
  - expect: {vip: frontend-00, holder: other, within: 1s}
  - restore: frontend-02 app
  - restore: all
  - expect: {ready: true, within: 20s}
---
name: second
cluster: backend
steps:
  - fail: backend-00 keepalived hang
  - expect: {vip: backend-00, holders: 2, within: 2s}
  - restore:
`

func TestParseFile(t *testing.T) {
	t.Parallel()
	list, err := ParseFile("x.yaml", strings.NewReader(wellFormed))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 {
		t.Fatalf("%d scenarios, wanted 2", len(list))
	}
	s := list[0]
	if s.Name != "double trouble" || s.Cluster != "frontend" || s.Budget != "edge.outage.p95<=100ms" || len(s.Shows) != 1 {
		t.Errorf("head read as %+v", s)
	}
	want := []string{"frontend-02 stop app", "250ms", "frontend-00 kill haproxy", "frontend-00 held by [other]", "frontend-02 app", "all", "a healthy lab"}
	var got []string
	for _, step := range s.Steps {
		got = append(got, words(step))
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("steps read as\n%q\nwanted\n%q", got, want)
	}
	if s.Steps[2].Line != 10 {
		t.Errorf("third step is said to be on line %d, it is on 10", s.Steps[2].Line)
	}
	if e := list[1].Steps[1].Expect; e.Count == nil || *e.Count != 2 || e.Within != 2*time.Second {
		t.Errorf("expectation read as %+v", e)
	}
}

// words puts a step in words.
func words(s Step) string {
	switch {
	case s.Fail != nil:
		return s.Fail.Target + " " + s.Fail.Order.Text()
	case s.Restore != nil && s.Restore.Target == "":
		return "all"
	case s.Restore != nil:
		return strings.TrimSpace(s.Restore.Target + " " + string(s.Restore.Scope.Service) + s.Restore.Scope.Fault)
	case s.Expect != nil:
		return s.Expect.String()
	}
	return s.Wait.String()
}

func TestFaultsOfAFileComeAtOnceWithTheirLines(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, text string
		want       []string
	}{
		{"unknown fields and values", `nme: x
cluster: frontend
budget: edge.outage.p95<=
shows: [two_holders, two_holder]
steps:
  - fail: frontend-00 haproxi kill
  - fail: frontend-00 app explode
  - wait: soon
  - expect: {vip: frontend-00, within: 1s}
  - expct: {}
`, []string{
			`x.yaml:1: a scenario has no field "nme"; did you mean name?`,
			`x.yaml:3: budget:`,
			`x.yaml:4: shows: there is no invariant "two_holder"; did you mean two_holders?`,
			`x.yaml:6: there is no fault or service "haproxi kill"; did you mean "haproxy"?`,
			`x.yaml:7: there is no fault "explode" for app`,
			`x.yaml:8: wait must be a time such as 500ms or 2s, not "soon"`,
			`x.yaml:9: expect takes`,
			`x.yaml:10: a step has no field "expct"; did you mean expect?`,
			`x.yaml:1: the scenario has no name`,
			`x.yaml:1: the scenario mends nothing`,
		}},
		{"nothing broken", "name: a\ncluster: b\nsteps: []\n", []string{"x.yaml:1: the scenario breaks nothing"}},
		{"not a mapping", "- a\n", []string{"x.yaml:1: a scenario must be a mapping"}},
		{"no YAML", "a: [\n", []string{"x.yaml: yaml: line"}},
		{"empty", "# nothing\n", []string{"x.yaml has no scenario"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseFile("x.yaml", strings.NewReader(c.text))
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("the error lacks %q:\n%v", w, err)
				}
			}
		})
	}
}

func TestExamplesAreWellFormed(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../examples/scenarios/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseFile(file, f); err != nil {
			t.Error(err)
		}
		f.Close()
	}
}

func FuzzParseFile(f *testing.F) {
	f.Add(wellFormed)
	f.Add("name: x\nsteps:\n  - fail: a b c\n  - restore: {}\n")
	f.Add("- - - !!null\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseFile("x.yaml", strings.NewReader(text))
		if err == nil && len(list) == 0 {
			t.Error("neither a scenario nor an error")
		}
	})
}
