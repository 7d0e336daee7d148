package composefile

import (
	"path/filepath"
	"regexp"
	"strings"
)

// How compose-go's messages name what they are about.
var (
	dottedPath   = regexp.MustCompile(`\b(?:services|networks|volumes|configs|secrets)[.\[][^\s:,"']+`)
	namedThing   = regexp.MustCompile(`\b(service|network|volume) "([^"]+)"`)
	brackets     = regexp.MustCompile(`\[([^\]]*)\]`)
	interpolated = regexp.MustCompile(`^error while interpolating \S+: (failed to cast to expected type: )?`)
)

// blame makes findings of an error of compose-go, at the places that its text
// tells of, and marks these as broken. It reports whether loading again without
// them may get further.
func (l *loader) blame(err error) bool {
	further := false
	for _, message := range messages(err) {
		message = strings.ReplaceAll(message, l.dir+string(filepath.Separator), "")
		path := l.meant(message)
		p := l.sources.at(path)
		if len(path) > 0 && l.known(p) {
			continue
		}
		l.wrong(path, interpolated.ReplaceAllString(message, strings.Join(path, ".")+": "), "Compose refuses it", "correct it; docker compose config shows what Compose makes of the file")
		if len(path) >= 2 {
			l.broken.add(p)
			further = true
		}
	}
	return further
}

// messages takes an error apart into one message each.
func messages(err error) []string {
	if several, ok := err.(interface{ Unwrap() []error }); ok && len(several.Unwrap()) > 0 {
		var all []string
		for _, one := range several.Unwrap() {
			all = append(all, messages(one)...)
		}
		return all
	}
	text := strings.TrimPrefix(err.Error(), "decoding failed due to the following error(s):")
	var all []string
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if len(all) > 0 && !dottedPath.MatchString(line) {
			all[len(all)-1] += " " + line
			continue
		}
		all = append(all, line)
	}
	return all
}

// meant finds the value that a message is about, as far as its text tells.
func (l *loader) meant(message string) []string {
	for _, m := range dottedPath.FindAllString(message, -1) {
		parts := strings.Split(brackets.ReplaceAllString(m, ".$1"), ".")
		for ; len(parts) >= 2; parts = parts[:len(parts)-1] {
			if l.sources.has(parts...) {
				return parts
			}
		}
	}
	if m := namedThing.FindStringSubmatch(message); m != nil && l.sources.has(m[1]+"s", m[2]) {
		return []string{m[1] + "s", m[2]}
	}
	return nil
}

// clean makes one line of an error.
func clean(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
