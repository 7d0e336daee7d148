package app

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/topology"
)

// stressTime bounds the busy loops, so that they end even where halab can't
// end them.
const stressTime = time.Hour

// stress keeps the engine's machine busy while a soak runs: busy loops in a
// container of their own, of ordinary weight, and an image that is built over
// and over.
func (s *Session) stress(loops int) func(context.Context) error {
	if loops <= 0 {
		return nil
	}
	return func(ctx context.Context) error {
		base, id, err := s.burn(ctx, loops)
		if err != nil {
			return err
		}
		defer func() {
			clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
			defer cancel()
			if err := s.Engine.ContainerRemove(clean, id); err != nil && !errors.Is(err, engine.ErrNotFound) {
				s.Emit.Warn("stress", "its container was not removed: "+err.Error()+"; halab down removes it")
			}
		}()
		for round := 1; ctx.Err() == nil; round++ {
			if err := s.rebuild(ctx, base, round); err != nil && ctx.Err() == nil {
				return fmt.Errorf("build an image meanwhile: %w", err)
			}
		}
		return nil
	}
}

// burn starts the busy loops in a container that has nothing else, and says
// from which image.
func (s *Session) burn(ctx context.Context, loops int) (image, id string, err error) {
	all, err := s.Lab.Containers(ctx)
	if err != nil {
		return "", "", err
	}
	at := slices.IndexFunc(all, func(c engine.Container) bool { return c.Labels[engine.LabelService] == topology.Client })
	if at < 0 {
		return "", "", s.notUp()
	}
	image = all[at].ImageID
	id, err = s.Engine.ContainerCreate(ctx, engine.ContainerSpec{
		Name: s.Name + "-helper-stress", Image: image,
		Entrypoint:  []string{agentapi.BinaryPath, "agent", agentapi.CommandBurn},
		Command:     []string{"--for", stressTime.String(), strconv.Itoa(loops)},
		Labels:      map[string]string{engine.LabelLab: s.Name, engine.LabelService: "helper"},
		NetworkMode: "none", CapDrop: []string{"ALL"}, SecurityOpt: []string{"no-new-privileges"}, ReadOnly: true,
	})
	if err != nil {
		return "", "", err
	}
	return image, id, s.Engine.ContainerStart(ctx, id)
}

// wasteFile is built over and over during a soak: it reads and packs all that
// is in the image, which keeps disks and processors as busy as builds do.
const wasteFile = `ARG BASE
FROM ${BASE}
ARG ROUND
RUN echo "round ${ROUND}" && find /usr -xdev -type f -exec cat {} + | gzip >/tmp/waste && rm /tmp/waste
`

// rebuild builds an image that nobody wants, and removes it.
func (s *Session) rebuild(ctx context.Context, base string, round int) error {
	var folder bytes.Buffer
	t := tar.NewWriter(&folder)
	err := t.WriteHeader(&tar.Header{Name: "Dockerfile", Mode: 0o644, Size: int64(len(wasteFile))})
	if err == nil {
		_, err = t.Write([]byte(wasteFile))
	}
	if err = errors.Join(err, t.Close()); err != nil {
		return err
	}
	id, err := s.Engine.ImageBuild(ctx, engine.BuildSpec{
		Dockerfile: "Dockerfile", NetworkMode: "none", Context: &folder,
		Args:   map[string]string{"BASE": base, "ROUND": strconv.Itoa(round)},
		Labels: map[string]string{engine.LabelLab: s.Name},
	}, func(string) {})
	if err != nil {
		return err
	}
	return s.Engine.ImageRemove(ctx, id)
}
