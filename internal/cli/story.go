package cli

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"halab/internal/event"
	"halab/internal/problem"
	"halab/internal/ui"
)

// story is the display of a session; it begins when something is told and ends
// before the answer is written.
type story struct {
	mu       sync.Mutex
	progress ui.Progress
}

// get begins the display if there is none: with --json a line of JSON an event.
func (s *story) get(t ui.Terminal, set settings) ui.Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.progress != nil:
	case set.json:
		s.progress = ui.NewJSONProgress(t, set.detail)
	default:
		s.progress = ui.NewProgress(t, set.detail)
	}
	return s.progress
}

// lastWords tells what ended halab: to a program, as the story's last event.
func (p *program) lastWords(all problem.List) {
	if len(all) == 0 {
		return
	}
	if p.json {
		e := event.Event{Time: time.Now(), Subject: "halab", Status: event.Failed, Text: all.Error()}
		_ = ui.WriteJSONLine(p.stderr, failure{e.Line(), all}) // there is nobody else to tell
		return
	}
	for line := range strings.Lines("halab: " + all.Text()) {
		fmt.Fprintln(p.stderr, ui.Clean(strings.TrimRight(line, "\r\n")))
	}
}

// failure is the story's last event where halab failed; public (docs/json.md).
type failure struct {
	event.Line
	Problems problem.List `json:"problems"`
}

func (s *story) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.progress != nil {
		s.progress.Close()
		s.progress = nil
	}
}
