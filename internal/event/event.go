// Package event holds the story that halab tells while it works: what began,
// how far it is, how it ended. One stream of events feeds every renderer.
package event

import "time"

// Status says what an event tells about its subject.
type Status string

// The statuses. A subject's phase goes from Started, by any number of Progress,
// to Done or Failed. Info and Warn stand alone.
const (
	Started  Status = "started"
	Progress Status = "progress"
	Done     Status = "done"
	Failed   Status = "failed"
	Info     Status = "info"
	Warn     Status = "warn"
)

// Event is one thing that happened.
type Event struct {
	Time    time.Time
	Subject string // what it is about, e.g. "frontend-01-haproxy"
	Phase   string // what is done to it, e.g. "build", "create", "start", "ready"
	Status  Status
	Text    string        // a few words for a person; of Failed, the error
	Elapsed time.Duration // since Started
}

// Line is the JSON form of an event; it is public (docs/json.md).
type Line struct {
	Time    time.Time `json:"time"`
	Subject string    `json:"subject,omitempty"`
	Phase   string    `json:"phase,omitempty"`
	Status  Status    `json:"status"`
	Text    string    `json:"text,omitempty"`
	Error   string    `json:"error,omitempty"`
	Seconds float64   `json:"seconds,omitempty"`
}

// Line gives the event's JSON form.
func (e Event) Line() Line {
	l := Line{Time: e.Time, Subject: e.Subject, Phase: e.Phase, Status: e.Status, Text: e.Text, Seconds: e.Elapsed.Seconds()}
	if e.Status == Failed {
		l.Text, l.Error = "", e.Text
	}
	return l
}

// Final says whether the event ends its subject's phase.
func (e Event) Final() bool { return e.Status == Done || e.Status == Failed }

// Sink takes events. It must not block for long; it may be called from several
// goroutines at once.
type Sink func(Event)

// Emit sends an event, with the present time if it has none. A nil sink drops
// it.
func (s Sink) Emit(e Event) {
	if s == nil {
		return
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	s(e)
}

// Begin emits Started for a phase of a subject and returns the function that
// ends it: Done when its error is nil, otherwise Failed with the error's text.
// The elapsed time is measured between the two.
func (s Sink) Begin(subject, phase, text string) func(error) {
	start := time.Now()
	s.Emit(Event{Time: start, Subject: subject, Phase: phase, Status: Started, Text: text})
	return func(err error) {
		end := Event{Time: time.Now(), Subject: subject, Phase: phase, Status: Done, Elapsed: time.Since(start)}
		if err != nil {
			end.Status, end.Text = Failed, err.Error()
		}
		s.Emit(end)
	}
}

// Info emits a line of information about a subject.
func (s Sink) Info(subject, text string) {
	s.Emit(Event{Subject: subject, Status: Info, Text: text})
}

// Warn emits a warning about a subject.
func (s Sink) Warn(subject, text string) {
	s.Emit(Event{Subject: subject, Status: Warn, Text: text})
}

// Update emits progress of a phase of a subject.
func (s Sink) Update(subject, phase, text string) {
	s.Emit(Event{Subject: subject, Phase: phase, Status: Progress, Text: text})
}
