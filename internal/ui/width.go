package ui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Width is the number of terminal columns that s takes; colour sequences take
// none.
func Width(s string) int {
	n := 0
	for s != "" {
		if skip := colourSequence(s); skip > 0 {
			s = s[skip:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		n += runeWidth(r)
		s = s[size:]
	}
	return n
}

func runeWidth(r rune) int {
	if r < 0x20 || r == 0x7f || unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	if r < 0x1100 {
		return 1
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// Truncate cuts s to at most columns columns and marks the cut with "…". Colour
// sequences are kept, so that a colour that was begun is also ended.
func Truncate(s string, columns int) string {
	if Width(s) <= columns {
		return s
	}
	if columns < 1 {
		return ""
	}
	var b strings.Builder
	left, cut := columns-1, false
	for s != "" {
		if skip := colourSequence(s); skip > 0 {
			b.WriteString(s[:skip])
			s = s[skip:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		if cut {
			continue
		}
		if w := runeWidth(r); w <= left {
			b.WriteRune(r)
			left -= w
			continue
		}
		b.WriteString("…")
		cut = true
	}
	return b.String()
}

// Pad fills s with spaces to columns columns.
func Pad(s string, columns int) string {
	if n := columns - Width(s); n > 0 {
		return s + strings.Repeat(" ", n)
	}
	return s
}

// Wrap breaks text at spaces into lines of at most columns columns. A word that
// is longer than a line stays whole.
func Wrap(text string, columns int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case Width(line)+1+Width(word) <= columns:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
