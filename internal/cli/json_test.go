package cli

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/internal/app"
	"halab/internal/fault"
	"halab/internal/lab"
	"halab/internal/live"
	"halab/internal/standing"
	"halab/internal/ui"
)

// answersByCommand lists what each section of docs/json.md describes.
func answersByCommand() map[string][]any {
	return map[string][]any{
		"The story":    {failure{}},
		"status":       {lab.State{}},
		"up":           {app.UpResult{}, planned{}},
		"down":         {app.Removed{}},
		"fail":         {app.Broken{}},
		"restore":      {app.Restored{}},
		"switch":       {fault.Switched{}},
		"explain":      {standing.Standing{}},
		"checks":       {app.CheckTable{}},
		"drill --list": {listed{}},
		"events":       {live.Event{}},
		"logs":         {lab.LogEntry{}},
		"curl, watch":  {agentapi.Response{}, ui.WatchSummary{}},
		"config":       {labShape{}, app.NodeFile{}, app.Adaptation{}},
		"doctor":       {app.Checkup{}},
		"build":        {app.Built{}},
		"import":       {app.Imported{}},
		"lint":         {linted{}},
		"network":      {app.Wiring{}},
		"vagrant":      {app.Exported{}},
		"ui":           {pageAddress{}},
		"version":      {versions{}},
	}
}

// fields lists the names in the JSON form of a type, with those of what it
// contains.
func fields(t reflect.Type, into map[string]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		fields(t.Elem(), into)
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return
		}
		for f := range t.Fields() {
			if !f.IsExported() {
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" {
				continue
			}
			if !f.Anonymous { // the fields of what is embedded stand beside
				into[name] = true
			}
			fields(f.Type, into)
		}
	}
}

// TestEveryFieldIsDocumented holds docs/json.md: each section names all the
// fields that its command prints, and no others.
func TestEveryFieldIsDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, s := range strings.Split(string(doc), "\n## ")[1:] {
		title, text, _ := strings.Cut(s, "\n")
		sections[title] = text
	}
	cell := regexp.MustCompile("(?m)^\\| (`[^|]*`) \\|")
	quoted := regexp.MustCompile("`([^`]+)`")
	for command, types := range answersByCommand() {
		want := map[string]bool{}
		for _, v := range types {
			fields(reflect.TypeOf(v), want)
		}
		got := map[string]bool{}
		for _, row := range cell.FindAllStringSubmatch(sections[command], -1) {
			for _, name := range quoted.FindAllStringSubmatch(row[1], -1) {
				for part := range strings.SplitSeq(name[1], ".") {
					got[strings.TrimSuffix(part, "[]")] = true
				}
			}
		}
		for name := range want {
			if !got[name] {
				t.Errorf("docs/json.md does not describe %q of %s", name, command)
			}
		}
		for name := range got {
			if !want[name] {
				t.Errorf("docs/json.md describes %q of %s, which there is not", name, command)
			}
		}
	}
}

// TestJSONIsOneDocument runs every command that answers at once.
func TestJSONIsOneDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t).buildable().up()
	for _, c := range []string{
		"status", "fail frontend-02 app", "restore", "curl", "config", "config haproxy frontend-01", "doctor",
		"build --base debian12", "up --dry-run --base debian12", "version", "network down", "down",
	} {
		r := w.run(append(strings.Fields(c), "--json")...)
		var doc any
		dec := json.NewDecoder(strings.NewReader(r.stdout))
		if err := dec.Decode(&doc); err != nil || dec.More() || r.code != 0 {
			t.Errorf("halab %s --json: exit %d, %v\n%s%s", c, r.code, err, r.stdout, r.stderr)
		}
		told(t, r.stderr)
	}
}
