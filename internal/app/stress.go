package app

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/lab"
)

// stressTime bounds the busy loops, so that they end even where halab can't
// end them.
const stressTime = time.Hour

// stress keeps the engine's machine busy while a soak runs: busy loops in a
// container of their own, of ordinary weight, and an image that is built over
// and over.
type stress struct {
	s     *Session
	loops int
}

// during is what runs meanwhile; nil: nothing.
func (t stress) during() func(context.Context) error {
	if t.loops <= 0 {
		return nil
	}
	return func(ctx context.Context) error {
		s := t.s
		base, remove, err := t.burn(ctx)
		if err != nil {
			return err
		}
		defer func() {
			if err := remove(); err != nil {
				s.emit.Warn("stress", "its container was not removed: "+err.Error()+"; halab down removes it")
			}
		}()
		for round := 1; ctx.Err() == nil; round++ {
			if err := t.rebuild(ctx, base, round); err != nil && ctx.Err() == nil {
				return fmt.Errorf("build an image meanwhile: %w", err)
			}
		}
		return nil
	}
}

// burn starts the busy loops in a container that has nothing else, and says
// from which image.
func (t stress) burn(ctx context.Context) (image string, remove func() error, err error) {
	s := t.s
	st, err := s.running(ctx)
	if err != nil {
		return "", nil, err
	}
	client, err := clientOf(st)
	if err != nil {
		return "", nil, err
	}
	h := lab.Helper{Lab: s.Name, Verb: "stress", Image: client.ImageID, Network: "none",
		Args: []string{agentapi.CommandBurn, "--for", stressTime.String(), strconv.Itoa(t.loops)}}
	_, remove, err = h.Start(ctx, s.engine)
	return client.ImageID, remove, err
}

// wasteFile is built over and over during a soak: it reads and packs all that
// is in the image, which keeps disks and processors as busy as builds do.
const wasteFile = `ARG BASE
FROM ${BASE}
ARG ROUND
RUN echo "round ${ROUND}" && find /usr -xdev -type f -exec cat {} + | gzip >/tmp/waste && rm /tmp/waste
`

// rebuild builds an image that nobody wants, and removes it.
func (t stress) rebuild(ctx context.Context, base string, round int) error {
	var folder bytes.Buffer
	w := tar.NewWriter(&folder)
	err := w.WriteHeader(&tar.Header{Name: "Dockerfile", Mode: 0o644, Size: int64(len(wasteFile))})
	if err == nil {
		_, err = w.Write([]byte(wasteFile))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	id, err := t.s.engine.ImageBuild(ctx, engine.BuildSpec{
		Dockerfile: "Dockerfile", NetworkMode: "none", Context: &folder,
		Args:   map[string]string{"BASE": base, "ROUND": strconv.Itoa(round)},
		Labels: map[string]string{engine.LabelLab: t.s.Name},
	}, func(string) {})
	if err != nil {
		return err
	}
	return t.s.engine.ImageRemove(ctx, id)
}
