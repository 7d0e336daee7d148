package plan

import (
	"strings"
	"testing"

	"halab/internal/engine"
)

// Files are written before a container starts; those that changed are written into the
// one that runs, and its daemon reads them anew only where it is it that reads them.
func TestFilesAreWritten(t *testing.T) {
	spec := engine.ContainerSpec{Name: "l-lb1-haproxy", Labels: map[string]string{engine.LabelService: "haproxy"},
		Files: &engine.Files{Mark: engine.Mark{Whole: "w2", Daemon: "d2"}}}
	run := engine.Container{ID: "1", Name: spec.Name, State: engine.StateRunning, Labels: labelledContainer(spec).Labels}
	stopped := run
	stopped.State = engine.StateExited
	for _, test := range []struct {
		name string
		have []engine.Container
		mark engine.Mark
		want string
	}{
		{"a new one", nil, engine.Mark{}, "create container; write config; start container"},
		{"as it is", []engine.Container{run}, engine.Mark{Whole: "w2", Daemon: "d2"}, ""},
		{"a script that HAProxy does not read", []engine.Container{run}, engine.Mark{Whole: "w1", Daemon: "d2"}, "write config"},
		{"its own file", []engine.Container{run}, engine.Mark{Whole: "w1", Daemon: "d1"}, "write config and reload haproxy"},
		{"while it is stopped", []engine.Container{stopped}, engine.Mark{Whole: "w1", Daemon: "d1"}, "write config; start container"},
		{"after a write that was cut short", []engine.Container{run}, engine.Mark{}, "write config and reload haproxy"},
	} {
		p := Make(Wanted{Containers: []engine.ContainerSpec{spec}}, Observed{Containers: test.have, Marks: map[string]engine.Mark{"1": test.mark}})
		var words []string
		for i, s := range p.Steps {
			word := string(s.Action)
			if s.Reload != "" {
				word += " and reload " + s.Reload
			}
			if i > 0 && len(s.After) == 0 {
				t.Errorf("%s: %s waits for nothing", test.name, s.Action)
			}
			words = append(words, word)
		}
		if got := strings.Join(words, "; "); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
