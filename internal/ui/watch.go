package ui

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"halab/internal/agentapi"
)

// Watch turns a stream of answers into one line a change: who answers, how
// long it takes, what fails. It is pure: lines depend on the answers alone.
type Watch struct {
	style   Style
	names   map[string]*seen // nodes that have answered, by role and name
	total   int
	failed  int
	waits   []time.Duration
	streak  int       // failures in a row
	since   time.Time // due time of the first of them
	reason  string    // what the last line said of them
	longest time.Duration
	first   time.Time
	last    time.Time
}

type seen struct {
	role, name string
	answers    int
	lastIndex  int  // the request that it answered last
	gone       bool // not among the answers of late
}

// recent is how many requests without an answer of a node make it gone: the nodes
// of a tier take turns, so each of two answers every second request.
const recent = 10

// slowest is how long an answer may take before it has a line of its own.
const slowest = 250 * time.Millisecond

// maxWaits bounds what a watch of days remembers; quantiles are of the last
// ones.
const maxWaits = 100_000

// NewWatch returns a watch that paints its lines with s.
func NewWatch(s Style) *Watch {
	return &Watch{style: s, names: map[string]*seen{}}
}

// Add takes an answer in and gives the lines that it is worth.
func (w *Watch) Add(r agentapi.Response) []string {
	if w.total == 0 {
		w.first = r.Due
	}
	w.total++
	w.last = r.Done
	if problem := Problem(r); problem != "" {
		return w.failure(r, problem)
	}
	var lines []string
	if w.streak > 0 {
		lines = append(lines, w.recovery(r))
	}
	took := r.Done.Sub(r.Due)
	w.waits = append(w.waits, took)
	if len(w.waits) > maxWaits {
		w.waits = slices.Delete(w.waits, 0, maxWaits/2)
	}
	changed := w.answered("frontend", r.Frontend) + w.answered("backend", r.Backend) + w.silent()
	if changed != "" {
		lines = append(lines, w.line(r.Done, strings.TrimSuffix(changed, "; "), took))
	} else if took >= slowest {
		lines = append(lines, w.line(r.Done, w.style.Odd("slow")+" "+who(r), took))
	}
	return lines
}

// Problem says why an answer is not what was asked for, or nothing.
func Problem(r agentapi.Response) string {
	switch {
	case r.Error != "":
		return r.Error
	case r.Status != 200:
		return fmt.Sprintf("status %d", r.Status)
	case r.Frontend != "" && r.Backend == "":
		return "no backend answered" // both frontends say it in turns: it is one state
	}
	return ""
}

func who(r agentapi.Response) string {
	switch {
	case r.Frontend == "" && r.Backend == "":
		return "an answer"
	case r.Frontend == "": // a lab of one tier
		return r.Backend
	}
	return r.Frontend + " → " + r.Backend
}

// Every is a line for one answer, whether it is news or not.
func (w *Watch) Every(r agentapi.Response) string {
	took := r.Done.Sub(r.Due)
	if problem := Problem(r); problem != "" {
		return w.line(r.Done, w.style.Bad("failed")+" "+Clean(problem), took)
	}
	return w.line(r.Done, Clean(who(r)), took)
}

func (w *Watch) failure(r agentapi.Response, problem string) []string {
	w.failed++
	w.streak++
	if w.streak == 1 {
		w.since = r.Due
	} else if problem == w.reason {
		return nil
	}
	w.reason = problem
	return []string{w.line(r.Done, w.style.Bad("FAILED")+" "+Clean(problem), r.Done.Sub(r.Due))}
}

func (w *Watch) recovery(r agentapi.Response) string {
	outage := r.Due.Sub(w.since)
	w.longest = max(w.longest, outage)
	text := fmt.Sprintf("%s after %s and %s", w.style.Good("answers again"), Millis(outage), plural(w.streak, "failed request"))
	w.streak, w.reason = 0, ""
	return w.line(r.Done, text, -1)
}

// answered notes who answered, and says so when that is news.
func (w *Watch) answered(role, name string) string {
	if name == "" {
		return ""
	}
	key := role + " " + name
	s, known := w.names[key]
	if !known {
		s = &seen{role: role, name: name, gone: true}
		w.names[key] = s
	}
	news := s.gone
	s.answers++
	s.lastIndex, s.gone = w.total, false
	if !news {
		return ""
	}
	return fmt.Sprintf("%s %s %s; ", role, w.style.Good(Clean(name)), "answers")
}

// silent tells of nodes that have not answered of late.
func (w *Watch) silent() string {
	var out strings.Builder
	for _, key := range slices.Sorted(maps.Keys(w.names)) {
		if s := w.names[key]; !s.gone && w.total-s.lastIndex >= recent {
			s.gone = true
			fmt.Fprintf(&out, "%s %s answers no more; ", s.role, w.style.Odd(Clean(s.name)))
		}
	}
	return out.String()
}

func (w *Watch) line(at time.Time, text string, took time.Duration) string {
	clock := w.style.Dim(at.Local().Format("15:04:05.000"))
	if took < 0 {
		return clock + "  " + text
	}
	return clock + "  " + text + "  " + w.style.Dim(Millis(took))
}

// Millis prints a duration in milliseconds, with one decimal below ten.
func Millis(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	if ms < 10 {
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
