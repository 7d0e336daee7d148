package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"halab/internal/engine"
	"halab/internal/problem"
)

// Images lists those of the default engine, where they are built.
func (f *Fleet) Images(ctx context.Context, filter engine.Filter) ([]engine.Image, error) {
	return f.home.Engine.Images(ctx, filter)
}

// ImageInspect describes an image of the default engine.
func (f *Fleet) ImageInspect(ctx context.Context, ref string) (engine.Image, error) {
	return f.home.Engine.ImageInspect(ctx, ref)
}

// ImageBuild builds on the default engine.
func (f *Fleet) ImageBuild(ctx context.Context, spec engine.BuildSpec, progress func(line string)) (string, error) {
	return f.home.Engine.ImageBuild(ctx, spec, progress)
}

// ImageImport makes an image on the default engine.
func (f *Fleet) ImageImport(ctx context.Context, r io.Reader, ref string, labels map[string]string) (string, error) {
	return f.home.Engine.ImageImport(ctx, r, ref, labels)
}

// ImagePull fetches an image to the default engine.
func (f *Fleet) ImagePull(ctx context.Context, ref string, progress func(line string)) error {
	return f.home.Engine.ImagePull(ctx, ref, progress)
}

// ImageTag names an image of the default engine.
func (f *Fleet) ImageTag(ctx context.Context, source, target string) error {
	return f.home.Engine.ImageTag(ctx, source, target)
}

// ImageSave gives images of the default engine as a stream.
func (f *Fleet) ImageSave(ctx context.Context, refs []string) (io.ReadCloser, error) {
	return f.home.Engine.ImageSave(ctx, refs)
}

// ImageLoad takes a stream into the default engine.
func (f *Fleet) ImageLoad(ctx context.Context, r io.Reader, progress func(line string)) error {
	return f.home.Engine.ImageLoad(ctx, r, progress)
}

// ImageRemove removes an image everywhere. A host that has it not is well.
func (f *Fleet) ImageRemove(ctx context.Context, ref string) error {
	errs := []error{f.home.Engine.ImageRemove(ctx, ref)}
	for _, m := range f.hosts {
		err := m.bounded(ctx, m.act, func(ctx context.Context) error { return m.Engine.ImageRemove(ctx, ref) })
		if !errors.Is(err, engine.ErrNotFound) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Told is how far a transfer is.
type Told func(host, line string)

// transferTries is how often an interrupted transfer begins anew.
const transferTries = 3

// Distribute brings images of the default engine to all hosts that have others
// or none, to all at once. What a host has is told by image IDs. Each host that
// fails is an error of its own; the others go on.
func (f *Fleet) Distribute(ctx context.Context, refs []string, told Told) map[string]error {
	failed := map[string]error{}
	ids := map[string]string{}
	for _, ref := range refs {
		i, err := f.home.Engine.ImageInspect(ctx, ref)
		if err != nil {
			for _, m := range f.hosts {
				failed[m.Name] = err
			}
			return failed
		}
		ids[ref] = i.ID
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, m := range f.hosts {
		all.Go(func() {
			if err := f.bring(ctx, m, ids, func(line string) { told(m.Name, line) }); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed[m.Name] = m.wrap(err)
			}
		})
	}
	all.Wait()
	return failed
}

// bring brings to one host what it lacks.
func (f *Fleet) bring(ctx context.Context, m *member, ids map[string]string, told func(string)) error {
	if m.Engine == nil {
		return m.Problem
	}
	if err := f.fits(ctx, m); err != nil {
		return err
	}
	for try := 1; ; try++ {
		missing, err := m.lacks(ctx, ids)
		if err != nil || len(missing) == 0 {
			return err
		}
		err = f.stream(ctx, m, missing, told)
		if err == nil {
			if missing, err = m.lacks(ctx, ids); err == nil && len(missing) == 0 {
				return nil
			}
			if err == nil {
				err = problem.New("%d images arrived with other IDs; has the engine another image store?", len(missing)).Cure("see docs/hosts.md")
			}
			return err
		}
		if ctx.Err() != nil || try == transferTries || !interrupted(err) {
			return m.explain(fmt.Errorf("bring images: %w", err))
		}
		told(fmt.Sprintf("interrupted (%v); begins anew", err))
	}
}

// interrupted tells a transfer whose connection was lost from one that the host
// refused, which would be refused again.
func interrupted(err error) bool {
	return errors.Is(err, engine.ErrUnreachable) || errors.Is(err, io.ErrUnexpectedEOF)
}

// explain adds a cure where there is one.
func (m *member) explain(err error) error {
	if errors.Is(err, engine.ErrNoSpace) {
		way := "-H " + m.Endpoint
		if !strings.Contains(m.Endpoint, "://") {
			way = "--context " + m.Endpoint
		}
		return problem.New("%w", err).Cure("see what takes the room", fmt.Sprintf("docker %s system df", way))
	}
	return err
}

// fits refuses a host that images of the default engine can't run on.
func (f *Fleet) fits(ctx context.Context, m *member) error {
	home, err := f.home.Engine.Info(ctx)
	if err != nil {
		return err
	}
	var info engine.Info
	err = m.look(ctx, func(ctx context.Context) (err error) {
		info, err = m.Engine.Info(ctx)
		return err
	})
	if err == nil && info.Arch != home.Arch {
		err = problem.New("its architecture is %s, the images are of %s", info.Arch, home.Arch).Cure("give the lab hosts of one architecture")
	}
	return err
}

// lacks lists the references that the host has not, or with another ID.
func (m *member) lacks(ctx context.Context, ids map[string]string) ([]string, error) {
	var missing []string
	for ref, id := range ids {
		err := m.look(ctx, func(ctx context.Context) error {
			i, err := m.Engine.ImageInspect(ctx, ref)
			if errors.Is(err, engine.ErrNotFound) || err == nil && i.ID != id {
				missing = append(missing, ref)
				return nil
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(missing)
	return missing, nil
}

// stream sends images to a host. The engine there names an image only once all
// of it has arrived, so what is cut off leaves no half image behind.
func (f *Fleet) stream(ctx context.Context, m *member, refs []string, told func(string)) error {
	saved, err := f.home.Engine.ImageSave(ctx, refs)
	if err != nil {
		return err
	}
	defer func() { _ = saved.Close() }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(stallTime, func() { cancel(errSilent{stallTime}) })
	defer stall.Stop()
	counted := &meter{from: saved, told: told, moved: func() { stall.Reset(stallTime) }}
	err = m.Engine.ImageLoad(ctx, counted, func(string) { stall.Reset(stallTime) })
	if silent, late := context.Cause(ctx).(errSilent); err != nil && late {
		return silent
	}
	return err
}

// stallTime is how long a transfer may stand still: a small machine unpacks a
// layer for minutes.
const stallTime = 5 * time.Minute

// meter tells how much went through, each few megabytes.
type meter struct {
	from       io.Reader
	told       func(string)
	moved      func()
	sent, next int64
}

const meterStep = 8 << 20

// Read implements io.Reader.
func (m *meter) Read(p []byte) (int, error) {
	n, err := m.from.Read(p)
	m.sent += int64(n)
	m.moved()
	if m.sent >= m.next {
		m.next = m.sent + meterStep
		m.told(fmt.Sprintf("%d MB sent", m.sent>>20))
	}
	return n, err
}
