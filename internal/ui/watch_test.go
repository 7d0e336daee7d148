package ui

import (
	"math"
	"strings"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/test/golden"
)

// answers makes ten answers a second; each word is "front/back", or "!reason".
func answers(words ...string) []agentapi.Response {
	var out []agentapi.Response
	for i, w := range words {
		due := moment(float64(i) / 10)
		r := agentapi.Response{Due: due, Sent: due, Done: due.Add(3 * time.Millisecond), Status: 200}
		if reason, bad := strings.CutPrefix(w, "!"); bad {
			r.Status, r.Error, r.Done = 0, reason, due.Add(200*time.Millisecond)
		} else {
			r.Frontend, r.Backend, _ = strings.Cut(w, "/")
		}
		out = append(out, r)
	}
	return out
}

func TestWatchTellsChangesOnly(t *testing.T) {
	var words []string
	for range 10 {
		words = append(words, "frontend-01/backend-01", "frontend-02/backend-02")
	}
	words = append(words, "!timeout", "!timeout", "!connection \x1b[2Jrefused")
	for range 12 {
		words = append(words, "frontend-02/backend-01", "frontend-02/backend-02")
	}
	words = append(words, "frontend-02/", "frontend-01/", "frontend-02/", "frontend-02/backend-02")
	w := NewWatch(Style{})
	var lines []string
	for _, r := range answers(words...) {
		lines = append(lines, w.Add(r)...)
	}
	slow := answers("frontend-02/backend-02")[0]
	slow.Due, slow.Done = moment(10), moment(10.3)
	lines = append(lines, w.Add(slow)...)
	shown := strings.Join(append(lines, w.Summary().Lines(Style{})...), "\n") + "\n"
	golden.File(t, "testdata/watch.txt", strings.ReplaceAll(shown, moment(0).Local().Format("15:04"), "10:00"))
}

// A lab of one tier has no frontend to name.
func TestWatchOfOneTier(t *testing.T) {
	w := NewWatch(Style{})
	r := answers("/backend-01")[0]
	if lines := w.Add(r); len(lines) != 1 || !strings.Contains(lines[0], "backend backend-01 answers") {
		t.Errorf("%q", lines)
	}
	if line := w.Every(r); !strings.Contains(line, "  backend-01  ") {
		t.Errorf("%q", line)
	}
}

func TestWatchSummaryCounts(t *testing.T) {
	w := NewWatch(Style{})
	for _, r := range answers("a/x", "b/y", "!timeout", "!timeout", "a/x") {
		w.Add(r)
	}
	s := w.Summary()
	if s.Requests != 5 || s.Failed != 2 || s.Answers["frontend a"] != 2 || s.Answers["backend y"] != 1 {
		t.Errorf("counts are wrong: %+v", s)
	}
	if math.Abs(s.LongestMs-200) > 0.001 {
		t.Errorf("longest outage is %v ms, want 200 (from the due time of the first failure to that of the next answer)", s.LongestMs)
	}
	if s.MedianMs != 3 || s.MaxMs != 3 {
		t.Errorf("waits are wrong: %+v", s)
	}
}

func TestWatchOutageThatDoesNotEnd(t *testing.T) {
	w := NewWatch(Style{})
	for _, r := range answers("a/x", "!timeout", "!timeout") {
		w.Add(r)
	}
	if got := w.Summary().LongestMs; got != 300 {
		t.Errorf("longest outage is %v ms, want 300 (to the end of the last request)", got)
	}
}

func TestRank(t *testing.T) {
	values := []time.Duration{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for q, want := range map[float64]time.Duration{0.5: 5, 0.99: 10, 0.01: 1} {
		if got := rank(values, q); got != want {
			t.Errorf("rank %v = %d, want %d", q, got, want)
		}
	}
}

func TestJSONHidesNothingFromReadersAndAllFromTerminals(t *testing.T) {
	var out strings.Builder
	if err := WriteJSONLine(&out, map[string]string{"a": "<\u009b2J\u202e\x7f\x1b\U000e0001>"}); err != nil {
		t.Fatal(err)
	}
	if want := `{"a":"<\u009b2J\u202e\u007f\u001b\udb40\udc01>"}` + "\n"; out.String() != want {
		t.Errorf("got %s, want %s", out.String(), want)
	}
}
