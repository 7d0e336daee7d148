package cli

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"halab/internal/ui"
	"halab/test/golden"
)

func TestEveryCommandIsExplained(t *testing.T) {
	t.Parallel()
	specs := (&program{}).commands()
	w := newWorld(t)
	for name, s := range leaves(specs, nil) {
		if s.summary == "" || strings.TrimSpace(s.about) == "" || len(s.examples) == 0 {
			t.Errorf("halab %s: summary, text or examples are missing", name)
		}
		for _, f := range s.flags {
			if flagText(f) == "" || valueName(f) == "VALUE" && strings.Contains(flagHead(f), "VALUE") {
				t.Errorf("halab %s: --%s is not explained", name, f.Names()[0])
			}
		}
		for _, form := range [][]string{append(strings.Fields(name), "--help"), append([]string{"help"}, strings.Fields(name)...)} {
			if name == "help" {
				continue // the help of help is that of halab
			}
			r := w.run(form...)
			if r.code != 0 || !strings.Contains(r.stdout, "Usage: halab "+name) {
				t.Errorf("halab %q: exit %d\n%s%s", form, r.code, r.stdout, r.stderr)
			}
			for line := range strings.Lines(r.stdout) {
				if ui.Width(strings.TrimRight(line, "\n")) > helpWidth && !strings.HasPrefix(line, "   halab") {
					t.Errorf("halab %q: wider than %d columns: %q", form, helpWidth, line)
				}
			}
		}
	}
}

func TestExamplesAreRight(t *testing.T) {
	t.Parallel()
	specs := (&program{}).commands()
	for name, s := range leaves(specs, nil) {
		for _, e := range s.examples {
			line, _, _ := strings.Cut(e, "#")
			words := strings.Fields(line)
			if words[0] != "halab" || slices.Contains(words, ">") {
				continue
			}
			if _, err := arrange(specs, words[1:]); err != nil {
				t.Errorf("halab %s: example %q: %v", name, e, err)
			}
			if !strings.HasPrefix(strings.Join(words[1:], " "), name) {
				t.Errorf("halab %s: example %q is about something else", name, e)
			}
		}
	}
}

func TestHelpTexts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := w.run("--help").stdout
	specs := leaves((&program{}).commands(), nil)
	for _, name := range slices.Sorted(maps.Keys(specs)) {
		if !specs[name].hidden {
			all += "\n==== " + name + "\n" + w.run(append(strings.Fields(name), "-h")...).stdout
		}
	}
	golden.File(t, "testdata/help.txt", all)
	if none := w.run(); none.code != 0 || none.stdout != w.run("help").stdout {
		t.Errorf("halab alone and halab help differ (exit %d)", none.code)
	}
}
