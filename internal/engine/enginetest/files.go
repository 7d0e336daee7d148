package enginetest

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"halab/internal/engine"
)

// file is a file or folder of a container.
type file struct {
	header tar.Header
	data   []byte
}

// CopyTo unpacks a tar stream in a folder of a container. Every folder exists.
func (e *Engine) CopyTo(ctx context.Context, id, folder string, stream io.Reader) error {
	c, err := e.begin(ctx, "CopyTo", id, folder)
	if err != nil {
		return err
	}
	fresh := map[string]file{}
	for r := tar.NewReader(stream); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("copy to %s:%s: %w", c.Name, folder, err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return fmt.Errorf("copy to %s:%s: %w", c.Name, folder, err)
		}
		fresh[path.Join("/", folder, header.Name)] = file{header: *header, data: data}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if c.spec.ReadOnly {
		return errors.New("container rootfs is marked read-only")
	}
	maps.Copy(c.files, fresh)
	return nil
}

// CopyFrom returns what was copied to a container as a tar stream.
func (e *Engine) CopyFrom(ctx context.Context, id, from string) (io.ReadCloser, error) {
	c, err := e.begin(ctx, "CopyFrom", id, from)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	from = path.Join("/", from)
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	found := 0
	for _, name := range slices.Sorted(maps.Keys(c.files)) {
		if name != from && !strings.HasPrefix(name, strings.TrimSuffix(from, "/")+"/") {
			continue
		}
		found++
		entry := c.files[name]
		entry.header.Name = strings.TrimPrefix(strings.TrimPrefix(name, path.Dir(from)), "/")
		if err := w.WriteHeader(&entry.header); err != nil {
			return nil, err
		}
		if _, err := w.Write(entry.data); err != nil {
			return nil, err
		}
	}
	if found == 0 {
		return nil, notFound("file", c.Name+":"+from)
	}
	return io.NopCloser(&out), w.Close()
}

// File reads a file that was copied to a container, for tests.
func (e *Engine) File(id, name string) ([]byte, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, err := e.find(id)
	if err != nil {
		return nil, false
	}
	found, there := c.files[path.Join("/", name)]
	return found.data, there
}

// Networks lists the networks that match the filter.
func (e *Engine) Networks(ctx context.Context, filter engine.Filter) ([]engine.Network, error) {
	if err := e.enter(ctx, Call{Method: "Networks"}); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	all := []engine.Network{}
	for _, n := range e.networks {
		if matches(filter, n.Labels) {
			all = append(all, n)
		}
	}
	return all, nil
}
