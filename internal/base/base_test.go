package base

import (
	"os"
	"strings"
	"testing"
)

// TestDocumentsHaveEachBase: what a person reads of a base is what halab goes by.
func TestDocumentsHaveEachBase(t *testing.T) {
	for file, row := range map[string]func(Base) string{
		"images.md": func(b Base) string { return "| `" + b.ID + "` | " + b.HAProxy + ", " + b.Keepalived + " " },
		"lint.md":   func(b Base) string { return "| " + b.ID + " | " + b.Keepalived + " | " + b.HAProxy + " |" },
	} {
		text, err := os.ReadFile("../../docs/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range All() {
			if !strings.Contains(string(text), row(b)) {
				t.Errorf("docs/%s has no row %q", file, row(b))
			}
		}
	}
}

// TestRows: what is decided by a row's fields holds for every row.
func TestRows(t *testing.T) {
	seen := map[string]bool{Auto: true}
	for _, b := range All() {
		if seen[b.ID] || b.Title == "" || len(b.Public) == 0 || b.Lists == "" {
			t.Errorf("%+v: an ID that is taken, or something that is missing", b)
		}
		seen[b.ID] = true
		if (b.Boot.Suite == "") != (b.Boot.Library == "") {
			t.Errorf("%s: a suite and the library that images need go together: %+v", b.ID, b.Boot)
		}
		if got, err := Named(b.ID); err != nil || got.Title != b.Title {
			t.Errorf("%s is found as %+v, %v", b.ID, got, err)
		}
	}
	for _, id := range []string{CentOS7, Debian12} {
		if !seen[id] {
			t.Errorf("no row %s", id)
		}
	}
	if _, err := Named("alpine"); err == nil || !strings.Contains(err.Error(), `no base "alpine": take one of auto, centos7, debian11`) {
		t.Errorf("got %v", err)
	}
}
