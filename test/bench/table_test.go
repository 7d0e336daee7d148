package main

import (
	"strings"
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	var out strings.Builder
	b := &table{title: "a machine"}
	for _, ms := range []time.Duration{400, 100, 200} {
		b.row("down", "quick").add("halab", ms*time.Millisecond)
		b.row("down", "").add("Compose", 10*ms*time.Millisecond)
	}
	if err := b.print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"200 ms", "100 ms … 400 ms", "2.00 s", "10.00 times", "should be: quick"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q:\n%s", want, out.String())
		}
	}
}
