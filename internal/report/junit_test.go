package report

import (
	"bytes"
	"encoding/xml"
	"io"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"halab/internal/outage"
)

// element is XML as it is, for checking it against the schema's shape.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []element  `xml:",any"`
	Text     string     `xml:",chardata"`
}

func (e element) attr(name string) (string, bool) {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value, true
		}
	}
	return "", false
}

func (e element) count(name string) int {
	n := 0
	for _, c := range e.Children {
		if c.XMLName.Local == name {
			n++
		}
	}
	return n
}

// junitShape is the schema's: for each element its required attributes and the
// children it may have, in their order.
func junitShape(name string) (attrs, children []string) {
	switch name {
	case "testsuites":
		return []string{"name", "tests", "failures", "errors", "time"}, []string{"testsuite"}
	case "testsuite":
		return []string{"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package"},
			[]string{"properties", "testcase", "system-out", "system-err"}
	case "properties":
		return nil, []string{"property"}
	case "property":
		return []string{"name", "value"}, nil
	case "testcase":
		return []string{"name", "classname", "time"}, []string{"skipped", "error", "failure", "system-out", "system-err"}
	case "failure", "error":
		return []string{"message", "type"}, nil
	case "skipped":
		return []string{"message"}, nil
	}
	return nil, nil
}

func checkShape(t *testing.T, e element) {
	t.Helper()
	attrs, children := junitShape(e.XMLName.Local)
	for _, a := range attrs {
		if _, ok := e.attr(a); !ok {
			t.Errorf("<%s> has no %s", e.XMLName.Local, a)
		}
	}
	at := 0
	for _, c := range e.Children {
		i := slices.Index(children, c.XMLName.Local)
		if i < 0 {
			t.Errorf("<%s> may not be in <%s>", c.XMLName.Local, e.XMLName.Local)
		} else if i < at {
			t.Errorf("<%s> comes too late in <%s>", c.XMLName.Local, e.XMLName.Local)
		}
		at = max(at, i)
		checkShape(t, c)
	}
}

func parseJUnit(t *testing.T, r *outage.Result) element {
	t.Helper()
	var b bytes.Buffer
	if err := JUnit(&b, r); err != nil {
		t.Fatal(err)
	}
	var root element
	d := xml.NewDecoder(&b)
	if err := d.Decode(&root); err != nil {
		t.Fatal(err)
	}
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if text, ok := tok.(xml.CharData); err != nil || !ok || len(bytes.TrimSpace(text)) > 0 {
			t.Fatalf("something follows the root: %v %v", tok, err)
		}
	}
	return root
}

func TestJUnitHasTheSchemasShape(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*outage.Result{"drill": drilled(), "hostile": hostile(), "empty": {}} {
		root := parseJUnit(t, r)
		if root.XMLName.Local != "testsuites" || len(root.Children) < len(r.Scenarios) {
			t.Errorf("%s: <%s> with %d suites for %d scenarios", name, root.XMLName.Local, len(root.Children), len(r.Scenarios))
		}
		checkShape(t, root)
		stamp := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$`)
		for _, suite := range root.Children {
			if v, _ := suite.attr("timestamp"); !stamp.MatchString(v) {
				t.Errorf("%s: timestamp %q is not the schema's", name, v)
			}
		}
	}
}

func TestJUnitCounts(t *testing.T) {
	t.Parallel()
	root := parseJUnit(t, drilled())
	want := map[string][4]int{ // tests, failures, errors, skipped
		"frontend/haproxy-kill":    {6, 1, 0, 1},
		"frontend/keepalived-kill": {6, 1, 0, 0},
		"backend/app-hang":         {7, 0, 1, 0},
		"frontend/node-crash":      {8, 1, 0, 0},
		"budget":                   {1, 1, 0, 0}, // for a scenario that was not run
	}
	var sum [4]int
	for _, suite := range root.Children {
		name, _ := suite.attr("name")
		got := [4]int{}
		for i, a := range []string{"tests", "failures", "errors", "skipped"} {
			v, _ := suite.attr(a)
			got[i], _ = strconv.Atoi(v)
			sum[i] += got[i]
		}
		if got != want[name] {
			t.Errorf("%s: tests, failures, errors, skipped are %v, want %v", name, got, want[name])
		}
		found := [4]int{suite.count("testcase")}
		for _, c := range suite.Children {
			found[1] += c.count("failure")
			found[2] += c.count("error")
			found[3] += c.count("skipped")
		}
		if found != got {
			t.Errorf("%s says %v and has %v", name, got, found)
		}
	}
	for i, a := range []string{"tests", "failures", "errors", "skipped"} {
		if v, _ := root.attr(a); v != strconv.Itoa(sum[i]) {
			t.Errorf("all suites together have %d %s, the root says %s", sum[i], a, v)
		}
	}
}

// A scenario of which nothing could be measured must not pass.
func TestJUnitFailsWithoutMeasurement(t *testing.T) {
	t.Parallel()
	s := haproxyKill(2)
	for i := range s.Runs {
		s.Runs[i].Phases[0].Valid = false
	}
	root := parseJUnit(t, only(s))
	if v, _ := root.attr("errors"); v != "1" {
		t.Errorf("%s errors, want 1", v)
	}
}
