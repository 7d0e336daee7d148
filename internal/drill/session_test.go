package drill

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
)

// observer plays the observer: it says hello, prints the lines it is given, and
// answers commands.
type observer struct {
	lines []agentapi.ObserverLine
	code  int
}

func (o observer) Exec(_ context.Context, _ string, spec engine.ExecSpec) (int, error) {
	if o.code != 0 {
		io.WriteString(spec.Stderr, "no such interface: eth0\n")
		return o.code, nil
	}
	out := json.NewEncoder(spec.Stdout)
	out.Encode(agentapi.ObserverLine{Kind: "hello", Hello: &agentapi.ObserverHello{Mono: 1}})
	for _, line := range o.lines {
		out.Encode(line)
	}
	in := bufio.NewScanner(spec.Stdin)
	for at := int64(1); in.Scan(); at++ {
		var c agentapi.ObserverCommand
		json.Unmarshal(in.Bytes(), &c)
		switch c.Command {
		case "mark":
			out.Encode(agentapi.ObserverLine{Kind: "mark", Mark: &agentapi.ObserverMark{Name: c.Mark, At: at}})
		case "stats":
			out.Encode(agentapi.ObserverLine{Kind: "stats", Stats: []agentapi.HAProxyTotals{{URL: "u", Retries: at}}})
		case "stop":
			out.Encode(agentapi.ObserverLine{Kind: "lag", Lag: &agentapi.ProberLag{Stream: "edge"}})
			return 0, nil
		}
	}
	return 0, in.Err()
}

// probes makes a row of edge probes, 10 ms apart; those in bad fail.
func probes(n int, bad ...int) []agentapi.ObserverLine {
	var lines []agentapi.ObserverLine
	for i := range n {
		s := agentapi.Sample{Stream: "edge", Due: int64(i) * 10e6, Done: int64(i)*10e6 + 1e6, Status: 200}
		for _, b := range bad {
			if i == b {
				s.Error = "timeout"
			}
		}
		lines = append(lines, agentapi.ObserverLine{Kind: "sample", Sample: &s})
	}
	return lines
}

var edgeOnly = []agentapi.StreamSpec{{Name: "edge"}}

func TestSessionGathersEverything(t *testing.T) {
	t.Parallel()
	s, err := observe(t.Context(), observer{lines: probes(20)}, "client", agentapi.ObserverSpec{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.mark(t.Context(), "fault"); err != nil {
		t.Fatal(err)
	}
	totals, err := s.totals(t.Context())
	if err != nil || len(totals) != 1 || totals[0].Retries != 2 {
		t.Errorf("totals %v, %v", totals, err)
	}
	s.close()
	if len(s.samples) != 20 || len(s.marks) != 1 || len(s.lag) != 1 {
		t.Errorf("gathered %d samples, %d marks, %d lag lines", len(s.samples), len(s.marks), len(s.lag))
	}
	if err := s.mark(t.Context(), "late"); err == nil {
		t.Error("an observer that has ended takes marks")
	}
}

func TestSteadyNeedsAnUnbrokenRow(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		lines []agentapi.ObserverLine
		calm  time.Duration
		want  error
	}{
		{"long enough", probes(20), 150 * time.Millisecond, nil},
		{"too short", probes(10), 150 * time.Millisecond, errSlow},
		{"broken near the end", probes(20, 12), 150 * time.Millisecond, errSlow},
		{"broken long ago", probes(40, 2), 150 * time.Millisecond, nil},
		{"nothing yet", nil, 150 * time.Millisecond, errSlow},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, err := observe(t.Context(), observer{lines: c.lines}, "client", agentapi.ObserverSpec{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.close()
			if err := s.steady(t.Context(), edgeOnly, c.calm, 300*time.Millisecond); !errors.Is(err, c.want) {
				t.Errorf("steady says %v, wanted %v", err, c.want)
			}
		})
	}
}

// A failure that becomes known late, by its timeout, still breaks the row of
// good probes that were due after it.
func TestALateFailureBreaksTheRow(t *testing.T) {
	t.Parallel()
	lines := probes(20)
	late := agentapi.Sample{Stream: "edge", Due: 155e6, Done: 400e6, Error: "timeout"}
	lines = append(lines, agentapi.ObserverLine{Kind: "sample", Sample: &late})
	s, err := observe(t.Context(), observer{lines: lines}, "client", agentapi.ObserverSpec{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	err = s.until(t.Context(), time.Second, func() bool { return len(s.samples) == 21 })
	if err != nil {
		t.Fatal(err)
	}
	if _, found := s.goods["edge"]; found {
		t.Error("the row of good probes outlived a failure inside it")
	}
}

func TestAnObserverThatDoesNotStart(t *testing.T) {
	t.Parallel()
	_, err := observe(t.Context(), observer{code: 1}, "client", agentapi.ObserverSpec{})
	if err == nil || !strings.Contains(err.Error(), "no such interface: eth0") {
		t.Errorf("the error is %v", err)
	}
}
