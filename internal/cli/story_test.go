package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"halab/internal/app"
	"halab/internal/event"
)

// told reads a story as a program does: every line is one event and nothing else.
func told(t *testing.T, stderr string) []event.Line {
	t.Helper()
	var list []event.Line
	for line := range strings.Lines(stderr) {
		var e failure
		dec := json.NewDecoder(strings.NewReader(line))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&e); err != nil || e.Time.IsZero() || e.Status == "" || (e.Status == event.Failed) != (e.Error != "") || e.Subject == "halab" && (e.Status == event.Failed) != (len(e.Problems) > 0) {
			t.Errorf("no event of the story: %q (%v)", line, err)
		}
		list = append(list, e.Line)
	}
	return list
}

// With --json the story is told to a program, too: what begins ends, and what
// ends halab is the last line.
func TestTheStoryIsJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t).buildable()
	r := w.run("up", "--base", "debian12", "--json")
	open, ended := map[string]bool{}, 0
	for _, e := range told(t, r.stderr) {
		key := e.Phase + " " + e.Subject
		switch e.Status {
		case event.Started:
			open[key] = true
		case event.Done, event.Failed:
			if !open[key] {
				t.Errorf("%s ends and never began", key)
			}
			delete(open, key)
			ended++
		}
	}
	if r.code != 0 || len(open) > 0 || ended < 40 {
		t.Errorf("exit %d; %d phases ended, %v did not", r.code, ended, open)
	}
	if doc := json.NewDecoder(strings.NewReader(r.stdout)); doc.Decode(&app.UpResult{}) != nil || doc.More() {
		t.Errorf("stdout is not one answer: %s", r.stdout)
	}
	if r = w.run("up", "--base", "debian12", "--json", "--quiet"); r.code != 0 || r.stderr != "" {
		t.Errorf("a quiet story: %s", r.stderr)
	}
	for _, c := range []string{"--json switch frontend-01", "shell frontend --json", "fail --json"} {
		r := w.run(strings.Fields(c)...)
		list := told(t, r.stderr)
		if len(list) == 0 || r.code == 0 {
			t.Fatalf("halab %s: exit %d, %q", c, r.code, r.stderr)
		}
		if last := list[len(list)-1]; last.Status != event.Failed || last.Subject != "halab" || last.Error == "" {
			t.Errorf("halab %s ends with %+v", c, last)
		}
	}
}
