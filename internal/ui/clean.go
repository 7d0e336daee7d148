// Package ui renders halab's story and its answers: live progress, plain lines,
// tables and JSON. Whatever came from outside is made harmless before a
// terminal sees it.
package ui

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes text from outside (a log line, a name) harmless for a terminal
// and keeps it on one line. Colour sequences are dropped; every other control
// character, C1 controls, direction overrides and broken UTF-8 become visible
// (ESC is shown as ^[). A tab becomes four spaces. Clean(Clean(s)) == Clean(s).
func Clean(s string) string {
	if isClean(s) {
		return s
	}
	var b strings.Builder
	for s != "" {
		if n := colourSequence(s); n > 0 {
			s = s[n:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		writeClean(&b, r, s[:size])
		s = s[size:]
	}
	return b.String()
}

func writeClean(b *strings.Builder, r rune, raw string) {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		fmt.Fprintf(b, `\x%02x`, raw[0])
	case r == '\t':
		b.WriteString("    ")
	case r < 0x20:
		b.WriteByte('^')
		b.WriteRune(r + '@')
	case r == 0x7f:
		b.WriteString("^?")
	case hidden(r):
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		b.WriteRune(r)
	}
}

func isClean(s string) bool {
	for i, r := range s {
		if r < 0x20 || r >= 0x7f && hidden(r) {
			return false
		}
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return false
			}
		}
	}
	return true
}

// hidden says whether a rune acts on a terminal or on the reader's eye without
// being seen: controls (C0, DEL, C1), direction and format characters, and the
// two Unicode line ends.
func hidden(r rune) bool {
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}

// colourSequence gives the length of an SGR sequence (ECMA-48, 8.3.117) at the
// start of s, or 0.
func colourSequence(s string) int {
	if !strings.HasPrefix(s, "\x1b[") {
		return 0
	}
	for i := 2; i < len(s); i++ {
		switch c := s[i]; {
		case c == 'm':
			return i + 1
		case c != ';' && c != ':' && (c < '0' || c > '9'):
			return 0
		}
	}
	return 0
}
