package lab

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/plan"
)

// marks reads which files the containers have that are to have some. What can't be
// read is none: then the files are written.
func (l *Lab) marks(ctx context.Context, wanted []engine.ContainerSpec, all []engine.Container) map[string]engine.Mark {
	files := map[string]bool{}
	for _, spec := range wanted {
		files[spec.Name] = spec.Files != nil
	}
	found := map[string]engine.Mark{}
	var mu sync.Mutex
	var looks sync.WaitGroup
	for _, c := range all {
		if !files[c.Name] {
			continue
		}
		looks.Go(func() {
			text, err := l.ReadFile(ctx, c.ID, engine.MarkFile)
			if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			found[c.ID] = engine.ParseMark(string(text))
		})
	}
	looks.Wait()
	return found
}

// ReadFile reads a file of a container, which need not run.
func (l *Lab) ReadFile(ctx context.Context, id, name string) ([]byte, error) {
	stream, err := l.engine.CopyFrom(ctx, id, name)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	files := tar.NewReader(stream)
	if _, err := files.Next(); err != nil {
		return nil, fmt.Errorf("%s of a container: %w", name, err)
	}
	return io.ReadAll(files)
}

// write puts files into a container, and has the daemon that runs there read them
// anew where the step says so.
func (l *Lab) write(ctx context.Context, id string, s plan.Step) error {
	stream, err := s.Files.Tar()
	if err != nil {
		return err
	}
	if err := l.engine.CopyTo(ctx, id, "/", bytes.NewReader(stream)); err != nil || s.Reload == "" {
		return err
	}
	var errs bytes.Buffer
	code, err := l.run(ctx, id, nil, &errs, agentapi.BinaryPath, "agent", agentapi.CommandReload, s.Reload)
	if err == nil && code != 0 {
		err = fmt.Errorf("the files are there, and %s can't read them anew: %s", s.Reload, strings.TrimSpace(errs.String()))
	}
	return err
}
