package cli

import (
	"strings"
	"testing"

	"halab/internal/app"
)

func TestHintsFindTheLab(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ line, want string }{
		{"status", "bring it up:  halab up\n"},
		{"status --name two", "bring it up:  halab up --name two\n"},
		{"--name two restore", "bring it up:  halab up --name two\n"},
		{"logs --name two --subnet 192.168.77.0/24 --profile classic", "bring it up:  halab up --name two --profile classic --subnet 192.168.77.0/24\n"},
		{"fail --name two --subnet 192.168.77.0/24 frontend-01 app", "bring it up:  halab up --name two --subnet 192.168.77.0/24\n"},
	} {
		r := w.run(strings.Fields(c.line)...)
		if !strings.HasSuffix(r.stdout+r.stderr, c.want) {
			t.Errorf("halab %s says\n%s%s\nnot %s", c.line, r.stdout, r.stderr, c.want)
		}
	}
}

func TestCommandsFindTheLab(t *testing.T) {
	t.Parallel()
	sel := selection{find: []string{"--name", "two", "--file", "a", "--file", "b"}, form: []string{"--subnet", "192.168.77.0/24"}}
	for run, want := range map[string]string{
		"halab down":                      "halab down --name two --file a --file b",
		"halab up":                        "halab up --name two --file a --file b --subnet 192.168.77.0/24",
		"halab restore frontend-01":       "halab restore --name two --file a --file b frontend-01",
		"halab down --name other":         "halab down --name other",
		"halab up --subnet 10.1.2.0/24":   "halab up --name two --file a --file b --subnet 10.1.2.0/24",
		"halab --help":                    "halab --help",
		"systemctl restart docker":        "systemctl restart docker",
		"cd vagrant && vagrant up halabs": "cd vagrant && vagrant up halabs",
	} {
		if got := sel.command(run); got != want {
			t.Errorf("%s became %s, not %s", run, got, want)
		}
		if got := (selection{}).command(run); got != run {
			t.Errorf("without words %s became %s", run, got)
		}
	}
}

func TestSelection(t *testing.T) {
	t.Parallel()
	environment := map[string]string{"HALAB_NAME": "two", "HALAB_BASE": "debian12"}
	p := &program{env: func(name string) string { return environment[name] }}
	for _, c := range []struct {
		set  settings
		want string
	}{
		{settings{Setting: app.Setting{Name: "two", Base: "debian12"}}, ""},
		{settings{Setting: app.Setting{Name: "halab", Base: "auto"}}, "--name halab --base auto"},
		{settings{Setting: app.Setting{Name: "two", Base: "debian12", Host: "ssh://me@there", Files: []string{"a.yaml", "it's mine.yaml"}}},
			`--host ssh://me@there --file a.yaml --file 'it'\''s mine.yaml'`},
	} {
		sel := p.selection(c.set)
		if got := strings.Join(append(sel.find, sel.form...), " "); got != c.want {
			t.Errorf("%+v is selected by %s, not %s", c.set, got, c.want)
		}
	}
}
