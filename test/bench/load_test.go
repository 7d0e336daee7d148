package main

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"halab/internal/fault"
)

// Every fault of the catalogue is met under load, in words that `halab fail` takes.
func TestFaultCases(t *testing.T) {
	met := map[string]bool{}
	for _, words := range faultCases() {
		rest := words[1:]
		if i := slices.Index(rest, "--how"); i > 0 {
			rest = []string{rest[0], rest[i+1]}
		}
		order, err := fault.Parse(rest)
		if err != nil {
			t.Fatalf("%q: %v", words, err)
		}
		met[order.Drill()] = true
	}
	for _, o := range fault.Drills("backend") {
		if !met[o.Drill()] && !o.TakesPower() {
			t.Errorf("nothing is done to see %s under load", o.Drill())
		}
	}
}

func TestFailed(t *testing.T) {
	for body, want := range map[string]bool{
		`{"frontend":"f","backend":"b"}`:  false,
		`{"backend":"b"}`:                 false,
		`{"frontend":"f","backend":null}`: true,
		`<html>`:                          true,
	} {
		if got := failed(vegeta.Result{Code: 200, Body: []byte(body)}); got != want {
			t.Errorf("%s failed: %t", body, got)
		}
	}
	if !failed(vegeta.Result{Code: 503, Body: []byte(`{"backend":"b"}`)}) {
		t.Error("a 503 is no answer")
	}
}

func TestSplit(t *testing.T) {
	begin := time.Unix(1000, 0)
	at := func(sent, took time.Duration) vegeta.Result {
		return vegeta.Result{Timestamp: begin.Add(sent), Latency: took, Code: 503}
	}
	first, second := split([]vegeta.Result{
		at(0, time.Second),                // over before the fault
		at(time.Second, 5*time.Second),    // under way when it came
		at(3*time.Second, time.Second),    // while it was there
		at(10*time.Second, time.Second),   // sent when it was undone
		at(12*time.Second, 3*time.Second), // after
	}, begin.Add(2*time.Second), begin.Add(10*time.Second))
	if first.requests != 2 || first.slowest != 5*time.Second || second.requests != 2 || second.failed != 2 || second.slowest != 3*time.Second {
		t.Errorf("%+v, %+v", first, second)
	}
}

func TestReadResults(t *testing.T) {
	var file bytes.Buffer
	encode := vegeta.NewEncoder(&file)
	for i := range 3 {
		if err := encode(&vegeta.Result{Seq: uint64(i), Code: 200}); err != nil {
			t.Fatal(err)
		}
	}
	whole := file.Bytes()
	if list, err := readResults(bytes.NewReader(whole)); err != nil || len(list) != 3 {
		t.Errorf("%d results, %v", len(list), err)
	}
	if _, err := readResults(bytes.NewReader(whole[:len(whole)-3])); err == nil {
		t.Error("half a result is a result")
	}
}

func TestReason(t *testing.T) {
	err := errors.New("bin/halab fail frontend-00 delay 1s: exit status 1\nhalab: the kernel has no netem\n")
	if got := reason(err); got != "the kernel has no netem" {
		t.Errorf("%q", got)
	}
}

func TestReadProcess(t *testing.T) {
	p, ok := readProcess(os.Getpid())
	if !ok || p.name == "" || p.start == "" || p.rss < 1000 || p.threads < 1 || p.fds < 3 {
		t.Errorf("this process: %+v, %t", p, ok)
	}
	if _, ok := readProcess(-1); ok {
		t.Error("there is a process -1")
	}
}

func TestGrowthIsSummedByKind(t *testing.T) {
	var out bytes.Buffer
	before := []process{{service: "node", name: "halab", pid: 1, start: "1", pss: 1024, fds: 10}, {service: "node", name: "halab", pid: 2, start: "2", pss: 1024, fds: 10}}
	after := []process{{service: "node", name: "halab", pid: 1, start: "1", pss: 2048, fds: 11}, {service: "node", name: "halab", pid: 2, start: "9", pss: 1024, fds: 10}, {service: "app", name: "new", pss: 1}}
	b := &bench{out: &out}
	b.printSoak(soaked{faults: 7, before: before, after: after, mistakes: []string{"a mistake"}})
	for _, want := range []string{"7 faults", "! a mistake", "2→2", "2.0 MiB→3.0 MiB", "20→21", "1 of them all the time", "0→1"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q:\n%s", want, out.String())
		}
	}
}

func TestSizes(t *testing.T) {
	var out bytes.Buffer
	b := &bench{out: &out}
	base := []layer{{"80000000", "import"}, {"0", "ENV"}}
	histories := map[string][]layer{
		"app":  append(slices.Clone(base), layer{"25000000", "/bin/sh -c sh /usr/local/lib/halab/install gunicorn"}),
		"node": append(slices.Clone(base), layer{"14000000", "/bin/sh -c #(nop) COPY file:1 in /usr/local/bin/halab"}, layer{"5", "small"}),
	}
	if err := b.printSizes("debian12", histories); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"25.0 MB    25.0 sh /usr/local/lib/halab/install gunicorn", "14.0 COPY file:1", "together        39.0 MB"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q:\n%s", want, out.String())
		}
	}
	histories["app"][2].Size = "150000000"
	if err := b.printSizes("debian12", histories); err == nil {
		t.Error("images of 164 MB are within 150")
	}
}
