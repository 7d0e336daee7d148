package problem_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"halab/internal/problem"
)

func TestCuresSurviveEveryWrapping(t *testing.T) {
	t.Parallel()
	gone := problem.New("no container: %w", fs.ErrNotExist).Because("it was removed").Cure("make it anew", "halab down", "halab up")
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"itself", gone, "no container: file does not exist: it was removed\n  make it anew:  halab down, then halab up"},
		{"wrapped", fmt.Errorf("frontend-01: %w", gone), "frontend-01: no container: file does not exist: it was removed\n  make it anew:  halab down, then halab up"},
		{"the cause's come first, each once", problem.New("not restored: %w", gone).Cure("look?", "halab status").Cure("make it anew", "halab down", "halab up"),
			"not restored: no container: file does not exist: it was removed\n  make it anew:  halab down, then halab up\n  look?  halab status"},
		{"two, each with its own", errors.Join(problem.New("a").Cure("wait"), fmt.Errorf("b: %w", gone)),
			"a\n  wait\nb: no container: file does not exist: it was removed\n  make it anew:  halab down, then halab up"},
		{"a list", problem.List{problem.New("a"), problem.New("b").Cure("wait")}, "a\nb\n  wait"},
		{"a list that somebody speaks about", fmt.Errorf("two: %w", problem.List{problem.New("a").Cure("wait"), problem.New("b")}), "two: a\nb\n  wait"},
		{"no problem", fs.ErrNotExist, "file does not exist"},
	} {
		if got := problem.Of(c.err).Text(); got != c.want {
			t.Errorf("%s: it is\n%s\nnot\n%s", c.name, got, c.want)
		}
	}
	if err := fmt.Errorf("x: %w", gone); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not what it was made of", err)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("x: %w", problem.New("a").Because("b").Cure("up", "halab up"))
	for err, want := range map[error]string{
		err:                `[{"what":"x: a: b","cures":[{"do":"up","run":["halab up"]}]}]`,
		errors.Unwrap(err): `[{"what":"a","why":"b","cures":[{"do":"up","run":["halab up"]}]}]`,
	} {
		if got, _ := json.Marshal(problem.Of(err)); string(got) != want {
			t.Errorf("it is %s, not %s", got, want)
		}
	}
}

func TestWithChangesACopy(t *testing.T) {
	t.Parallel()
	before := problem.List{problem.New("a").Cure("x", "halab up")}
	after := before.With(func(c string) string { return strings.ToUpper(c) })
	if before[0].Cures[0].Run[0] != "halab up" || after[0].Cures[0].Run[0] != "HALAB UP" {
		t.Errorf("before %v, after %v", before[0].Cures, after[0].Cures)
	}
}
