package ui

import "strconv"

// Style paints text with SGR sequences, or leaves it as it is.
type Style struct{ on bool }

// Painted is a style that paints.
func Painted() Style { return Style{on: true} }

// Bold makes text bold.
func (s Style) Bold(t string) string { return s.sgr("1", t) }

// Dim makes text faint.
func (s Style) Dim(t string) string { return s.sgr("2", t) }

// Good paints what is as it should be.
func (s Style) Good(t string) string { return s.sgr("32", t) }

// Bad paints what is broken.
func (s Style) Bad(t string) string { return s.sgr("31", t) }

// Odd paints what deserves a look.
func (s Style) Odd(t string) string { return s.sgr("33", t) }

// Loud makes text stand out among others.
func (s Style) Loud(t string) string { return s.sgr("1;33", t) }

// Tint paints text with the i-th of six colours, for telling nodes apart.
func (s Style) Tint(i int, t string) string {
	colours := [...]int{36, 35, 34, 32, 96, 95}
	return s.sgr(strconv.Itoa(colours[i%len(colours)]), t)
}

func (s Style) sgr(code, t string) string {
	if !s.on || t == "" {
		return t
	}
	return "\x1b[" + code + "m" + t + "\x1b[0m"
}
