package web

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// pageFiles are the page's own files.
func pageFiles(t *testing.T) map[string]string {
	t.Helper()
	list := map[string]string{}
	err := fs.WalkDir(files, "page", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		list[strings.TrimPrefix(path, "page/")] = string(text)
		return err
	})
	if err != nil || len(list) < 10 {
		t.Fatalf("%d files of the page: %v", len(list), err)
	}
	return list
}

// Names and log lines of containers are text: nothing in the page makes markup, code or
// an address of a string, no request leaves the machine, and no file is too long to
// read.
func TestPageIsTextAlone(t *testing.T) {
	t.Parallel()
	markup := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|srcdoc|\beval\b|new Function|javascript:|setHTML`)
	away := regexp.MustCompile(`(https?:)?//[a-zA-Z0-9]`)
	inline := regexp.MustCompile(`(?i)<script[^>]*>[^<]|<style|\sstyle=|\son[a-z]+=`)
	for name, text := range pageFiles(t) {
		if n := strings.Count(text, "\n"); n > 300 {
			t.Errorf("%s has %d lines", name, n)
		}
		if at := markup.FindString(text); at != "" {
			t.Errorf("%s has %s", name, at)
		}
		for _, at := range away.FindAllString(strings.ReplaceAll(text, "http://www.w3.org/2000/svg", ""), -1) {
			t.Errorf("%s asks elsewhere: %s", name, at)
		}
		if strings.HasSuffix(name, ".html") {
			if at := inline.FindString(text); at != "" {
				t.Errorf("%s has inline %q", name, at)
			}
		}
	}
}

// What the page's files name is there.
func TestPageIsWhole(t *testing.T) {
	t.Parallel()
	list := pageFiles(t)
	named := regexp.MustCompile(`(?:from "\./|(?:href|src)=")([a-z]+\.[a-z]+)"`)
	seen := 0
	for name, text := range list {
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			seen++
			if _, there := list[m[1]]; !there {
				t.Errorf("%s names %s, which is not there", name, m[1])
			}
		}
	}
	if seen < 15 {
		t.Errorf("only %d names were found: the test looks for the wrong thing", seen)
	}
}
