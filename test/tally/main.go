// Command tally reads what `go test -json` says, prints it as `go test` alone
// does, and ends with what was skipped and why: a run as an ordinary user passes
// without the tests of faults, and nobody would see that.
//
//	go test -json ./... | tally
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
)

func main() {
	ok, err := tally(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// event is a line of `go test -json` (go doc test2json).
type event struct {
	Action, Package, Test, Output string
	ImportPath                    string // of a package that was not built
}

// tests is what is known of a run.
type tests struct {
	out     io.Writer
	said    map[string][]string // by package and test: its lines so far
	skipped map[string]int      // by reason
	failed  bool
}

// tally copies a run and says whether all of it passed.
func tally(in io.Reader, out io.Writer) (bool, error) {
	run := tests{out: out, said: map[string][]string{}, skipped: map[string]int{}}
	d := json.NewDecoder(in)
	any := false
	for {
		var e event
		err := d.Decode(&e)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return false, fmt.Errorf("this is not what go test -json says: %w", err)
		}
		any = true
		run.take(e)
	}
	if !any {
		return false, errors.New("no test was run: nothing came from go test")
	}
	run.report()
	return !run.failed, nil
}

func (r *tests) take(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "build-fail":
		r.failed = true
	case "output":
		if e.Test == "" && verdict.MatchString(e.Output) {
			fmt.Fprint(r.out, e.Output)
			return
		}
		r.said[key] = append(r.said[key], e.Output)
	case "fail":
		r.failed = true
		fmt.Fprint(r.out, strings.Join(r.said[key], ""))
	case "skip":
		if e.Test != "" {
			r.skipped[reason(r.said[key])]++
		}
	}
	if e.Action == "fail" || e.Action == "pass" || e.Action == "skip" {
		delete(r.said, key)
	}
}

// verdict is a package's line.
var verdict = regexp.MustCompile(`^(ok|FAIL|---|\?)\s`)

// place is where a line was printed from: "fault_room_test.go:36: ".
var place = regexp.MustCompile(`^\s*\S+\.go:\d+: `)

// reason is what a test said when it was skipped.
func reason(said []string) string {
	for _, line := range slices.Backward(said) {
		if why := strings.TrimSpace(place.ReplaceAllString(line, "")); place.MatchString(line) && why != "" {
			return why
		}
	}
	return "no reason given"
}

// report says what was skipped, the most frequent reason first.
func (r *tests) report() {
	reasons, all := make([]string, 0, len(r.skipped)), 0
	for why, n := range r.skipped {
		reasons, all = append(reasons, why), all+n
	}
	if all == 0 {
		return
	}
	slices.SortFunc(reasons, func(a, b string) int {
		if r.skipped[a] != r.skipped[b] {
			return r.skipped[b] - r.skipped[a]
		}
		return strings.Compare(a, b)
	})
	fmt.Fprintf(r.out, "skipped %d:\n", all)
	for _, why := range reasons {
		fmt.Fprintf(r.out, "  %4d  %s\n", r.skipped[why], why)
	}
}
