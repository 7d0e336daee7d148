package daemonconf

import (
	"regexp"
	"strings"

	"halab/internal/daemonconf/source"
)

// placeholders finds what a template's engine, and not a daemon, is to replace.
// A file with {{ vip }} in it is no configuration yet, and whatever would be said
// of it would be about something that never runs.
type placeholders struct {
	keepalived bool
	known      map[string]bool // keepalived's own variables, $NAME=…
}

// marks are the forms that no daemon has anywhere: {{x}}, {%x%}, <%x%>, __X__,
// @X@, X_PLACEHOLDER.
func marks() *regexp.Regexp {
	return regexp.MustCompile(`\{\{[^{}]*\}?\}?|\{%|%\}|<%(?:[ =@#-]|$)|[ -]%>|__[A-Z][A-Z0-9_]*[A-Z0-9]__|@[A-Z][A-Z0-9_]+@|\b[A-Z0-9_]*PLACEHOLDER[A-Z0-9_]*\b|\bYOUR_[A-Z0-9_]+\b|\bCHANGE_?ME\b`)
}

// Forms that need a look at where they stand.
var (
	dollar  = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_.]*)[^}]*\}`)
	bare    = regexp.MustCompile(`(?:^|[\s/])\$([A-Z][A-Z0-9_]*)`)
	percent = regexp.MustCompile(`%[A-Z][A-Z0-9_]+%`)
	angle   = regexp.MustCompile(`<[A-Za-z][A-Za-z0-9_.-]*>`)
	spaced  = regexp.MustCompile(`<[A-Za-z][A-Za-z0-9_.-]*( [A-Za-z0-9_.-]+)*>`)
	define  = regexp.MustCompile(`^\s*\$([A-Za-z_][A-Za-z0-9_]*)=`)
)

// find gives an error that names the first placeholder.
func (p *placeholders) find(name, text string) error {
	certain := marks()
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		if !strings.ContainsAny(line, "{<%$@_") && !strings.Contains(line, "CHANGEME") {
			continue
		}
		line = p.withoutComment(line)
		if m := define.FindStringSubmatch(line); m != nil && p.keepalived {
			p.known[m[1]] = true
			line = line[len(m[0]):]
		}
		if strings.Contains(line, "auth_pass") {
			continue // a password may be any word
		}
		at := certain.FindStringIndex(line)
		if at == nil {
			at = p.uncertain(line)
		}
		if at != nil {
			return source.Errorf(source.Pos{File: name, Line: number, Col: at[0] + 1},
				"this is a template (%s); render it first", strings.TrimSpace(line[at[0]:at[1]]))
		}
	}
	return nil
}

// uncertain finds the forms that also mean something to a daemon.
func (p *placeholders) uncertain(line string) []int {
	for _, m := range dollar.FindAllStringSubmatchIndex(line, -1) {
		name := line[m[2]:m[3]]
		if p.keepalived && !p.known[name] && name[0] != '_' {
			return m[:2]
		}
		// HAProxy puts the environment's variables in between double quotes.
		if !p.keepalived && strings.Count(line[:m[0]], `"`)%2 == 0 && strings.Count(line[:m[0]], `'`)%2 == 0 {
			return m[:2]
		}
	}
	free := freeText(line)
	if !free && p.keepalived {
		if m := bare.FindStringSubmatchIndex(line); m != nil && !p.known[line[m[2]:m[3]]] {
			return []int{m[2] - 1, m[3]}
		}
	}
	if free && !p.keepalived {
		return nil // %[…] and < have a meaning in log formats and patterns
	}
	if m := percent.FindStringIndex(line); m != nil {
		return m
	}
	if free {
		return angle.FindStringIndex(line)
	}
	return spaced.FindStringIndex(line)
}

// freeText says whether a line's words are for somebody else than the daemon's
// reader: a command, a log format, a pattern.
func freeText(line string) bool {
	first, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	for _, word := range []string{"script", "notify", "log", "http-", "tcp-", "acl", "use_backend", "use-server", "redirect", "unique-id", "error", "req", "rsp", "capture", "stats", "setenv", "presetenv", "option", "description", "filter"} {
		if strings.HasPrefix(first, word) && first != "script_user" {
			return true
		}
	}
	return false
}

// withoutComment cuts what is a comment: from a # (keepalived: or !) that stands
// at the beginning or after a space, outside of double quotes.
func (p *placeholders) withoutComment(line string) string {
	quoted := false
	for i := range len(line) {
		switch c := line[i]; {
		case c == '"':
			quoted = !quoted
		case (c == '#' || c == '!' && p.keepalived) && !quoted && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t'):
			return line[:i]
		}
	}
	return line
}
