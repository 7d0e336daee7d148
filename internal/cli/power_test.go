package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A session has one injector, which knows the power of its nodes: drills and
// comparisons made their own, without it, and their poweroff failed.
func TestOneInjector(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var makers []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") && strings.Contains(string(text), "fault.NewInjector(") {
			makers = append(makers, file)
		}
	}
	if len(makers) != 1 || makers[0] != "power.go" {
		t.Errorf("injectors are made in %v; ask session.injector for it", makers)
	}
}
