package main

import (
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

func TestLongest(t *testing.T) {
	begin := time.Unix(1, 0)
	row := func(pattern string) []vegeta.Result {
		var all []vegeta.Result
		for i, c := range pattern {
			if c == ' ' {
				continue // no probe was sent
			}
			r := vegeta.Result{Timestamp: begin.Add(time.Duration(i) * time.Millisecond), Code: 200}
			if c == 'x' {
				r.Error = "timeout"
			}
			all = append(all, r)
		}
		return all
	}
	for _, c := range []struct {
		pattern     string
		outage, gap time.Duration
	}{
		{".....", 0, 1}, {".x...", 1, 1}, {".xx.x.", 2, 1}, {"..xxx", 2, 1}, {"..   ..", 0, 4}, {".x  x.", 4, 3},
	} {
		outage, gap := longest(row(c.pattern))
		if outage != c.outage*time.Millisecond || gap != c.gap*time.Millisecond {
			t.Errorf("%q: outage %s, gap %s", c.pattern, outage, gap)
		}
	}
}
