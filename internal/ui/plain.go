package ui

import (
	"fmt"
	"sync"
	"time"

	"halab/internal/event"
)

// patience is how often one subject's progress makes a plain line.
const patience = 5 * time.Second

// plain writes a line an event.
type plain struct {
	out    Terminal
	detail Detail
	mu     sync.Mutex
	start  time.Time
	shown  map[string]time.Time
}

func (p *plain) Send(e event.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.start.IsZero() {
		p.start, p.shown = e.Time, map[string]time.Time{}
	}
	if p.wants(e) {
		fmt.Fprintln(p.out, plainLine(e, e.Time.Sub(p.start), p.out.Style))
	}
}

func (p *plain) Close() {}

func (p *plain) wants(e event.Event) bool {
	key := e.Subject + "\x00" + e.Phase
	switch e.Status {
	case event.Failed, event.Warn:
		return true
	case event.Started:
		p.shown[key] = e.Time
		// What takes long is announced; the rest is told when it is done.
		return p.detail == Verbose || p.detail == Normal && slow(e.Phase)
	case event.Progress:
		if p.detail == Verbose {
			return true
		}
		if p.detail == Quiet || e.Time.Sub(p.shown[key]) < patience {
			return false
		}
		p.shown[key] = e.Time
		return true
	}
	return p.detail >= Normal
}

func slow(phase string) bool {
	switch phase {
	case "build", "pull", "import", "load", "ready":
		return true
	}
	return false
}

// plainLine is "+1.2s create frontend-01: done in 0.3 s".
func plainLine(e event.Event, since time.Duration, s Style) string {
	text := Clean(firstLine(e.Text))
	subject := joinWords(Clean(e.Phase), Clean(e.Subject))
	switch e.Status {
	case event.Started:
		if text != "" {
			text = " (" + text + ")"
		}
		text = "begins" + text
	case event.Done:
		text = joinWords(s.Good("done")+" in "+Seconds(e.Elapsed), text)
	case event.Failed:
		text = s.Bad("failed") + " after " + Seconds(e.Elapsed) + ": " + text
	case event.Warn:
		text = s.Odd("warning: ") + text
	}
	if subject != "" {
		subject += ": "
	}
	return fmt.Sprintf("+%-5s %s%s", fmt.Sprintf("%.1fs", max(since, 0).Seconds()), subject, text)
}
