package cli

import (
	"sync"

	"halab/internal/ui"
)

// story is the display of a session; it begins when something is told and ends
// before the answer is written.
type story struct {
	mu       sync.Mutex
	progress ui.Progress
}

func (s *story) get(t ui.Terminal, detail ui.Detail) ui.Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.progress == nil {
		s.progress = ui.NewProgress(t, detail)
	}
	return s.progress
}

func (s *story) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.progress != nil {
		s.progress.Close()
		s.progress = nil
	}
}
