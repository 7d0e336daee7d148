package ui

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// WatchSummary is what a watch saw in all.
type WatchSummary struct {
	Requests int            `json:"requests"`
	Failed   int            `json:"failed"`
	Answers  map[string]int `json:"answers"` // "frontend frontend-01" -> answers
	// Milliseconds from when a request was due to its answer.
	MedianMs float64 `json:"median_ms"`
	P99Ms    float64 `json:"p99_ms"`
	MaxMs    float64 `json:"max_ms"`
	// LongestMs is the longest time without an answer: from when the first
	// request that failed was due to when the next that succeeded was.
	LongestMs float64 `json:"longest_outage_ms"`
	Seconds   float64 `json:"seconds"`
}

// Summary says what was seen so far.
func (w *Watch) Summary() WatchSummary {
	s := WatchSummary{Requests: w.total, Failed: w.failed, Answers: map[string]int{}, Seconds: w.last.Sub(w.first).Seconds()}
	for key, n := range w.names {
		s.Answers[key] = n.answers
	}
	longest := w.longest
	if w.streak > 0 {
		longest = max(longest, w.last.Sub(w.since))
	}
	s.LongestMs = millis(longest)
	if len(w.waits) > 0 {
		sorted := slices.Sorted(slices.Values(w.waits))
		s.MedianMs = millis(rank(sorted, 0.50))
		s.P99Ms = millis(rank(sorted, 0.99))
		s.MaxMs = millis(sorted[len(sorted)-1])
	}
	return s
}

// rank is the nearest-rank quantile of sorted values.
func rank(sorted []time.Duration, q float64) time.Duration {
	i := int(q*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// Lines puts the summary into words.
func (s WatchSummary) Lines(style Style) []string {
	if s.Requests == 0 {
		return []string{"no request was sent"}
	}
	failed := style.Good("none failed")
	if s.Failed > 0 {
		failed = style.Bad(fmt.Sprintf("%d failed", s.Failed))
	}
	lines := []string{fmt.Sprintf("%s in %.1f s, %s; median %.1f ms, 99 %% within %.1f ms, longest %.1f ms",
		plural(s.Requests, "request"), s.Seconds, failed, s.MedianMs, s.P99Ms, s.MaxMs)}
	if s.LongestMs > 0 {
		lines = append(lines, fmt.Sprintf("longest time without an answer: %.0f ms", s.LongestMs))
	}
	for _, key := range slices.Sorted(maps.Keys(s.Answers)) {
		lines = append(lines, fmt.Sprintf("%s answered %d", Clean(key), s.Answers[key]))
	}
	return lines
}
