package report

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"halab/internal/outage"
)

// JSONOptions says what JSON keeps.
type JSONOptions struct {
	// Recordings keeps the raw material of each run: every sample, frame and
	// node event. Without it the document has the figures alone.
	Recordings bool
	// Compress writes gzip; Load reads both.
	Compress bool
	// Indent is for people; a saved file is smaller without.
	Indent bool
}

// JSON writes the result as one document, documented in docs/drill-json.md.
func JSON(w io.Writer, r *outage.Result, o JSONOptions) error {
	if !o.Recordings {
		r = withoutRecordings(r)
	}
	if o.Compress {
		z := gzip.NewWriter(w)
		if err := encode(z, r, o.Indent); err != nil {
			return err
		}
		return z.Close()
	}
	return encode(w, r, o.Indent)
}

func encode(w io.Writer, v any, indent bool) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if indent {
		e.SetIndent("", "  ")
	}
	return e.Encode(v)
}

// withoutRecordings is a copy of a result without raw material.
func withoutRecordings(r *outage.Result) *outage.Result {
	c := *r
	c.Scenarios = make([]outage.ScenarioResult, len(r.Scenarios))
	for i, s := range r.Scenarios {
		runs := make([]outage.Run, len(s.Runs))
		for j, run := range s.Runs {
			run.Recorded = nil
			runs[j] = run
		}
		s.Runs = runs
		c.Scenarios[i] = s
	}
	return &c
}

// ErrNotAResult says that what was read is not the result of a drill.
var ErrNotAResult = errors.New("not the result of a drill")

// Load reads a result that JSON wrote, compressed or not.
func Load(r io.Reader) (*outage.Result, error) {
	b := bufio.NewReader(r)
	head, err := b.Peek(2)
	if len(head) == 0 {
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("cannot read the saved result: %w", err)
		}
		return nil, fmt.Errorf("the file is empty: %w; make one with halab drill --save FILE", ErrNotAResult)
	}
	var in io.Reader = b
	if string(head) == "\x1f\x8b" {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, fmt.Errorf("the file begins like gzip but is not (%v): %w", err, ErrNotAResult)
		}
		in = z
	}
	return decode(in)
}

func decode(in io.Reader) (*outage.Result, error) {
	d := json.NewDecoder(in)
	var res outage.Result
	if err := d.Decode(&res); err != nil {
		return nil, decodeError(err)
	}
	switch {
	case res.Schema == 0:
		return nil, fmt.Errorf(`the document has no "schema": %w; make one with halab drill --save FILE`, ErrNotAResult)
	case res.Schema > outage.Schema:
		return nil, fmt.Errorf("the result has schema %d and this halab knows %d: it was saved by a newer halab (%s); use that one",
			res.Schema, outage.Schema, plain(res.Halab))
	case res.Schema < outage.Schema:
		return nil, fmt.Errorf("the result has schema %d and this halab knows %d: it was saved by an older halab (%s); use that one, or run the drill again",
			res.Schema, outage.Schema, plain(res.Halab))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("something follows the result at byte %d: the file is damaged or is two results in one; save each to a file of its own", d.InputOffset())
	}
	return &res, nil
}

// decodeError says where a document went wrong.
func decodeError(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the file ends in the middle: it was cut short or is still being written: %w", ErrNotAResult)
	case errors.As(err, &syntax):
		return fmt.Errorf("byte %d is not JSON (%v): %w", syntax.Offset, err, ErrNotAResult)
	case errors.As(err, &kind):
		return fmt.Errorf("field %q at byte %d is %s where %s belongs: %w", kind.Field, kind.Offset, kind.Value, kind.Type, ErrNotAResult)
	}
	return fmt.Errorf("cannot read the saved result: %w", err)
}
