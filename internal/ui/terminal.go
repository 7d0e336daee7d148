package ui

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Terminal is where something is shown: a writer and what is known about it.
type Terminal struct {
	io.Writer
	TTY   bool  // lines may be redrawn
	Style Style // paints, or leaves text as it is
	fd    int
}

// ColourMode says when to paint.
type ColourMode string

// The modes of --color.
const (
	ColourAuto   ColourMode = "auto"
	ColourAlways ColourMode = "always"
	ColourNever  ColourMode = "never"
)

// NewTerminal looks at a writer. In mode auto it is painted if it is a terminal,
// TERM is not "dumb" and NO_COLOR is empty or not set (no-color.org). A dumb
// terminal is not redrawn either.
func NewTerminal(w io.Writer, mode ColourMode, env func(string) string) Terminal {
	t := Terminal{Writer: w, fd: -1}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.fd = int(f.Fd())
		t.TTY = env("TERM") != "dumb"
	}
	switch mode {
	case ColourAlways:
		t.Style.on = true
	case ColourNever:
	default:
		t.Style.on = t.TTY && env("NO_COLOR") == ""
	}
	return t
}

// Columns is the present width, 80 where it is not known.
func (t Terminal) Columns() int {
	if t.fd >= 0 {
		if w, _, err := term.GetSize(t.fd); err == nil && w > 0 {
			return w
		}
	}
	return 80
}

// Rows is the present height, 24 where it is not known.
func (t Terminal) Rows() int {
	if t.fd >= 0 {
		if _, h, err := term.GetSize(t.fd); err == nil && h > 0 {
			return h
		}
	}
	return 24
}
