package web

import (
	"net/http"
	"strconv"

	"halab/internal/outage"
	"halab/internal/ui"
)

// played is one run of a saved drill, as a list of them shows it.
type played struct {
	Scenario    string `json:"scenario"`
	Description string `json:"description"`
	Run         int    `json:"run"` // from 1
	Valid       bool   `json:"valid"`
	Recorded    bool   `json:"recorded"` // it was saved with its samples
}

func (s *Server) eachRun(take func(sc outage.ScenarioResult, n int, run outage.Run)) {
	for _, sc := range s.options.Replay.Scenarios {
		for n, run := range sc.Runs {
			take(sc, n, run)
		}
	}
}

// replayRuns answers GET /api/replay.
func (s *Server) replayRuns(w http.ResponseWriter, _ *http.Request) {
	list := []played{}
	s.eachRun(func(sc outage.ScenarioResult, n int, run outage.Run) {
		list = append(list, played{sc.Name, sc.Description, n + 1, run.Valid(), run.Recorded != nil})
	})
	r := s.options.Replay
	answer(w, map[string]any{"lab": r.Lab, "base": r.Base, "profile": r.Profile, "date": r.Date, "halab_version": r.Halab, "runs": list}, nil)
}

// told is an event of a node with its words.
type told struct {
	At   int64  `json:"at"` // ns, on the recording's clock
	Node string `json:"node"`
	Name string `json:"event"`
	Text string `json:"text"`
}

// replayRun answers GET /api/replay/N: the N-th of those runs, from 0.
func (s *Server) replayRun(w http.ResponseWriter, r *http.Request) {
	want, err := strconv.Atoi(r.PathValue("run"))
	var found *outage.Recording
	at := 0
	s.eachRun(func(_ outage.ScenarioResult, _ int, run outage.Run) {
		if err == nil && at == want {
			found = run.Recorded
		}
		at++
	})
	if found == nil {
		answer(w, nil, &statusError{http.StatusNotFound, "there is no such run, or it was saved without its samples: halab drill --save keeps them"})
		return
	}
	words := []told{}
	for _, e := range found.Events {
		text, _ := ui.NodeWords(e)
		words = append(words, told{e.Mono, e.Node, string(e.Name), text})
	}
	answer(w, map[string]any{"recording": found, "words": words}, nil)
}
