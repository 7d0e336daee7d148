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

func TestAddressed(t *testing.T) {
	t.Parallel()
	const text = "halab: it is lost\n  make it anew:  halab down, then halab up\n  or think of halab restore"
	const want = "halab: it is lost\n  make it anew:  halab down --name two, then halab up --name two\n  or think of halab restore"
	sel := selection{find: []string{"--name", "two"}}
	if got := sel.addressed(text); got != want {
		t.Errorf("it is\n%s\nnot\n%s", got, want)
	}
	if got := (selection{}).addressed(text); got != text {
		t.Errorf("without words it is\n%s", got)
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
