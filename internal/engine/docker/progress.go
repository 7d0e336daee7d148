package docker

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/containerd/errdefs"
)

// message is one JSON value of the stream that answers a build, a pull, a load
// or an import.
type message struct {
	Stream string `json:"stream"`
	Status string `json:"status"`
	ID     string `json:"id"`
	Error  string `json:"error"`
	Detail struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"errorDetail"`
	Aux struct {
		ID string `json:"ID"`
	} `json:"aux"`
}

// follow reads such a stream to its end and hands each message to to; an error
// that the engine reports in it is returned.
func follow(ctx context.Context, body io.Reader, to interface{ take(message) }) error {
	decoder := json.NewDecoder(body)
	for {
		var m message
		err := decoder.Decode(&m)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return err
		}
		if m.Error != "" || m.Detail.Message != "" {
			text := m.Detail.Message
			if text == "" {
				text = m.Error
			}
			return streamError(text)
		}
		to.take(m)
	}
}

// streamError gives an error from inside a stream, which has no status code of
// its own, the kind that its text shows.
func streamError(text string) error {
	for _, sign := range []string{"not found", "manifest unknown", "does not exist", "No such image"} {
		if strings.Contains(text, sign) {
			return &failure{kind: errdefs.ErrNotFound, cause: errdefs.ErrNotFound, text: text}
		}
	}
	return errors.New(text)
}

// transfer turns the messages of a pull, a load or an import into lines: one
// for each new status of each layer, not one for each tick of a bar.
type transfer struct {
	progress func(line string)
	last     string            // the last status
	layers   map[string]string // layer -> its status
}

func (t *transfer) take(m message) {
	line := m.Status
	if m.Stream != "" {
		line = m.Stream
	}
	line = strings.TrimSpace(line)
	if line == "" {
		return
	}
	t.last = line
	if m.ID != "" {
		if t.layers == nil {
			t.layers = map[string]string{}
		}
		if t.layers[m.ID] == line {
			return
		}
		t.layers[m.ID] = line
		line = m.ID + ": " + line
	}
	if t.progress != nil {
		t.progress(line)
	}
}
