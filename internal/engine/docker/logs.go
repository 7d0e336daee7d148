package docker

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strconv"
	"time"

	"github.com/docker/docker/api/types/container"

	"halab/internal/engine"
)

const (
	// lineLimit bounds what is kept of a line without an end; the engine cuts
	// lines into pieces of 16 KiB, which are joined up to here.
	lineLimit = 1 << 20
	// frameLimit is more than any piece of a log with its timestamp.
	frameLimit = 1 << 20
)

// Logs hands over the lines that a container wrote, in order, with the time at
// which the engine had them. With Follow it returns when the container stops,
// when take fails or when ctx ends (with its error).
//
// Tail counts the engine's pieces: of a last line longer than 16 KiB, a Tail of
// 1 shows the last piece.
func (e *Engine) Logs(ctx context.Context, id string, options engine.LogOptions, take func(engine.LogLine) error) error {
	if err := e.ready(ctx); err != nil {
		return err
	}
	wanted := container.LogsOptions{ShowStdout: true, ShowStderr: true, Timestamps: true, Follow: options.Follow, Tail: "all"}
	if options.Tail >= 0 {
		wanted.Tail = strconv.Itoa(options.Tail)
	}
	if !options.Since.IsZero() {
		wanted.Since = options.Since.UTC().Format(time.RFC3339Nano)
	}
	body, err := e.api.ContainerLogs(ctx, id, wanted)
	if err != nil {
		return e.fail("read the log of "+short(id), err)
	}
	defer func() { _ = body.Close() }()
	var taken error
	err = readLog(body, func(line engine.LogLine) error {
		taken = take(line)
		return taken
	})
	switch {
	case taken != nil:
		return taken
	case ctx.Err() != nil:
		err = ctx.Err()
	}
	return e.fail("read the log of "+short(id), err)
}

// readLog reads a log with timestamps. A container with a terminal has no
// frames: its log begins with the digit of a year, which no frame does.
func readLog(body io.Reader, take func(engine.LogLine) error) error {
	buffered := bufio.NewReaderSize(body, 64<<10)
	first, err := buffered.Peek(1)
	if len(first) == 0 {
		if err == io.EOF {
			return nil
		}
		return err
	}
	lines := &assembler{take: take}
	if first[0] > fdError {
		err = readRaw(buffered, lines)
	} else {
		var piece bytes.Buffer
		err = demultiplex(buffered, func(fd byte, frame io.Reader) error {
			piece.Reset()
			if _, err := piece.ReadFrom(io.LimitReader(frame, frameLimit)); err != nil {
				return err
			}
			return lines.add(fd == fdStderr, piece.Bytes())
		})
	}
	if end := lines.flush(); err == nil {
		err = end
	}
	return err
}

func readRaw(r *bufio.Reader, lines *assembler) error {
	for {
		piece, err := r.ReadSlice('\n')
		if len(piece) > 0 {
			if added := lines.add(false, piece); added != nil {
				return added
			}
		}
		switch err {
		case nil, bufio.ErrBufferFull:
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}

// assembler joins the pieces of each stream's lines.
type assembler struct {
	take func(engine.LogLine) error
	open [2]openLine // stdout, stderr
}

// openLine is a line whose end hasn't come yet.
type openLine struct {
	begun bool
	time  time.Time
	text  []byte
}

// add takes a piece with its timestamp.
func (a *assembler) add(stderr bool, piece []byte) error {
	line := &a.open[0]
	if stderr {
		line = &a.open[1]
	}
	stamp, text := cutTime(piece)
	for {
		if !line.begun {
			line.begun, line.time = true, stamp
		}
		before, after, ended := bytes.Cut(text, []byte{'\n'})
		if room := lineLimit - len(line.text); len(before) > room {
			before = before[:max(room, 0)]
		}
		line.text = append(line.text, before...)
		if !ended {
			return nil
		}
		if err := a.emit(line, stderr); err != nil {
			return err
		}
		if len(after) == 0 {
			return nil
		}
		text = after
	}
}

// flush hands over lines that never ended.
func (a *assembler) flush() error {
	for i := range a.open {
		if !a.open[i].begun || len(a.open[i].text) == 0 {
			continue
		}
		if err := a.emit(&a.open[i], i == 1); err != nil {
			return err
		}
	}
	return nil
}

func (a *assembler) emit(line *openLine, stderr bool) error {
	text := string(bytes.TrimSuffix(line.text, []byte{'\r'}))
	done := engine.LogLine{Time: line.time, Stderr: stderr, Text: text}
	line.begun, line.text = false, line.text[:0]
	return a.take(done)
}

// cutTime splits a piece into its time and its text. What has no time at its
// start is all text.
func cutTime(piece []byte) (time.Time, []byte) {
	stamp, text, found := bytes.Cut(piece, []byte{' '})
	if !found || len(stamp) > len(time.RFC3339Nano) {
		return time.Time{}, piece
	}
	t, err := time.Parse(time.RFC3339Nano, string(stamp))
	if err != nil {
		return time.Time{}, piece
	}
	return t, text
}
