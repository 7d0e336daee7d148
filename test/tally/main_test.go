package main

import (
	"strings"
	"testing"
)

const run = `{"Action":"start","Package":"halab/a"}
{"Action":"run","Package":"halab/a","Test":"TestGood"}
{"Action":"output","Package":"halab/a","Test":"TestGood","Output":"=== RUN   TestGood\n"}
{"Action":"pass","Package":"halab/a","Test":"TestGood"}
{"Action":"output","Package":"halab/a","Test":"TestRoom/link","Output":"    room_test.go:36: namespaces of its own take root\n"}
{"Action":"output","Package":"halab/a","Test":"TestRoom/link","Output":"    --- SKIP: TestRoom/link (0.00s)\n"}
{"Action":"skip","Package":"halab/a","Test":"TestRoom/link"}
{"Action":"output","Package":"halab/a","Output":"ok  \thalab/a\t0.1s\n"}
{"Action":"pass","Package":"halab/a"}
`

// What passes is a line; what is skipped is counted by its reason.
func TestTally(t *testing.T) {
	var out strings.Builder
	ok, err := tally(strings.NewReader(run), &out)
	want := "ok  \thalab/a\t0.1s\nskipped 1:\n     1  namespaces of its own take root\n"
	if err != nil || !ok || out.String() != want {
		t.Errorf("%v, %v\n%s", ok, err, &out)
	}
}

// A failure is shown with all that it said, and is one in the end; so are a package
// that does not compile and a go test that never spoke.
func TestTallyOfFailures(t *testing.T) {
	failed := run + `{"Action":"output","Package":"halab/b","Test":"TestBad","Output":"    b_test.go:3: wrong\n"}
{"Action":"fail","Package":"halab/b","Test":"TestBad"}
`
	var out strings.Builder
	if ok, err := tally(strings.NewReader(failed), &out); ok || err != nil || !strings.Contains(out.String(), "b_test.go:3: wrong") {
		t.Errorf("%v, %v\n%s", ok, err, &out)
	}
	out.Reset()
	unbuilt := `{"ImportPath":"halab/c","Action":"build-output","Output":"c.go:1: undefined: x\n"}
{"ImportPath":"halab/c","Action":"build-fail"}
`
	if ok, err := tally(strings.NewReader(unbuilt), &out); ok || err != nil || !strings.Contains(out.String(), "undefined: x") {
		t.Errorf("%v, %v\n%s", ok, err, &out)
	}
	for _, nothing := range []string{"", "go: no such tool\n"} {
		if _, err := tally(strings.NewReader(nothing), &out); err == nil {
			t.Errorf("%q passed", nothing)
		}
	}
}
