package enginetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"halab/internal/engine"
)

// Logs hands over the lines of a container.
func (e *Engine) Logs(ctx context.Context, id string, options engine.LogOptions, take func(engine.LogLine) error) error {
	c, err := e.begin(ctx, "Logs", id, "")
	if err != nil {
		return err
	}
	e.mu.Lock()
	from := 0
	if options.Tail >= 0 {
		from = max(0, len(c.log)-options.Tail)
	}
	e.mu.Unlock()
	for {
		var fresh []engine.LogLine
		ended := false
		err := e.until(ctx, func() bool {
			fresh = slices.Clone(c.log[from:])
			ended = !options.Follow || !c.up()
			return ended || len(fresh) > 0
		})
		if err != nil {
			return fmt.Errorf("log of %s: %w", c.Name, err)
		}
		from += len(fresh)
		for _, line := range fresh {
			if line.Time.Before(options.Since) {
				continue
			}
			if err := take(line); err != nil {
				return err
			}
		}
		if ended {
			return nil
		}
	}
}

// Say adds a line to a container's log, as if its program had written it. A
// line without a time gets the current one.
func (e *Engine) Say(id string, line engine.LogLine) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, err := e.find(id)
	if err != nil {
		return err
	}
	e.write(c, line)
	return nil
}

// write adds a line to a log. The lock is held.
func (e *Engine) write(c *container, line engine.LogLine) {
	if line.Time.IsZero() {
		line.Time = time.Now()
	}
	c.log = append(c.log, line)
	e.announce()
}

// logWriter cuts what a program writes into lines.
type logWriter struct {
	engine *Engine
	of     *container
	stderr bool
	open   []byte
}

func (e *Engine) logWriter(c *container, stderr bool) *logWriter {
	return &logWriter{engine: e, of: c, stderr: stderr}
}

// Write implements io.Writer.
func (w *logWriter) Write(p []byte) (int, error) {
	w.engine.mu.Lock()
	defer w.engine.mu.Unlock()
	w.open = append(w.open, p...)
	for {
		line, rest, ended := bytes.Cut(w.open, []byte{'\n'})
		if !ended {
			return len(p), nil
		}
		w.engine.write(w.of, engine.LogLine{Stderr: w.stderr, Text: string(line)})
		w.open = rest
	}
}

// flush ends a line that the program didn't.
func (w *logWriter) flush() {
	w.engine.mu.Lock()
	defer w.engine.mu.Unlock()
	if len(w.open) > 0 {
		w.engine.write(w.of, engine.LogLine{Stderr: w.stderr, Text: string(w.open)})
		w.open = nil
	}
}
