package ui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"unicode/utf8"

	"halab/internal/event"
)

// WriteJSON writes one indented JSON document.
func WriteJSON(w io.Writer, v any) error {
	return writeJSON(w, v, "  ")
}

// WriteJSONLine writes one JSON object on a line of its own, for streams.
func WriteJSONLine(w io.Writer, v any) error {
	return writeJSON(w, v, "")
}

// jsonStory writes each event as an object on a line of its own.
type jsonStory struct {
	w     io.Writer
	quiet bool
	mu    sync.Mutex
}

// NewJSONProgress tells a story to a program: every event, or with Quiet the
// warnings and failures.
func NewJSONProgress(w io.Writer, detail Detail) Progress {
	return &jsonStory{w: w, quiet: detail == Quiet}
}

func (j *jsonStory) Send(e event.Event) {
	if j.quiet && e.Status != event.Warn && e.Status != event.Failed {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	_ = WriteJSONLine(j.w, e.Line()) // who closes stderr wants no story
}

func (j *jsonStory) Close() {}

func writeJSON(w io.Writer, v any, indent string) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(escapeHidden(b.Bytes()))
	return err
}

// HarmlessJSON passes JSON on and escapes what a terminal may act on. Each Write
// is a whole document, as json.Encoder does it.
func HarmlessJSON(w io.Writer) io.Writer { return harmlessJSON{w} }

type harmlessJSON struct{ w io.Writer }

func (h harmlessJSON) Write(doc []byte) (int, error) {
	if _, err := h.w.Write(escapeHidden(doc)); err != nil {
		return 0, err
	}
	return len(doc), nil
}

// escapeHidden escapes what encoding/json leaves as it is although a terminal
// may act on it: DEL, C1 controls and format characters. They can stand only
// inside strings, where \u escapes mean the same.
func escapeHidden(doc []byte) []byte {
	var out []byte
	for i := 0; i < len(doc); {
		r, size := utf8.DecodeRune(doc[i:])
		if r >= 0x7f && hidden(r) {
			if out == nil {
				out = append(make([]byte, 0, len(doc)+16), doc[:i]...)
			}
			if r > 0xffff {
				high, low := (r-0x10000)>>10+0xd800, (r-0x10000)&0x3ff+0xdc00
				out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
			} else {
				out = fmt.Appendf(out, `\u%04x`, r)
			}
		} else if out != nil {
			out = append(out, doc[i:i+size]...)
		}
		i += size
	}
	if out == nil {
		return doc
	}
	return out
}
