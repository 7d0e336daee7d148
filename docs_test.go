package halab_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// link is a link of Markdown to a file of ours, without its place in the page.
var link = regexp.MustCompile(`\]\(([^)#:\s]+)(#[^)]*)?\)`)

// Every page is reached from the index by reader, and no link of a page leads
// nowhere.
func TestEveryPageIsReached(t *testing.T) {
	pages, err := filepath.Glob("docs/*.md")
	if err != nil || len(pages) < 10 {
		t.Fatal(pages, err)
	}
	reached := map[string]bool{}
	for _, page := range append(pages, "README.md", "CONTRIBUTING.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			to := filepath.Join(filepath.Dir(page), found[1])
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s links to %s, which is not there", page, found[1])
			}
			if page == "docs/README.md" {
				reached[to] = true
			}
		}
	}
	for _, page := range pages {
		if !reached[page] && !strings.HasSuffix(page, "/README.md") {
			t.Errorf("docs/README.md does not lead to %s", page)
		}
	}
}
