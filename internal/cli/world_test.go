package cli

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"

	"halab/internal/app"
	"halab/internal/engine/enginetest"
	"halab/internal/engine/enginetest/labtest"
)

// world is a lab on an engine in memory, and what runs halab against it.
type world struct {
	*labtest.World
	t    *testing.T
	open func(context.Context, string) (app.Engine, error)
}

func newWorld(t *testing.T, files ...string) *world {
	t.Helper()
	return worldOf(t, app.Setting{Name: "halab", Files: files})
}

func worldOf(t *testing.T, set app.Setting) *world {
	t.Helper()
	project, err := set.Load(t.Context(), "debian12")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{World: labtest.New(t, project), t: t}
	w.open = func(context.Context, string) (app.Engine, error) { return keepOpen{w.Engine}, nil }
	return w
}

// up makes the lab without the help of any command.
func (w *world) up() *world {
	w.Up()
	return w
}

// buildable gives the engine what images of Debian 12 can be built from.
func (w *world) buildable() *world {
	w.Buildable()
	return w
}

// result is what a run of halab left.
type result struct {
	code           int
	stdout, stderr string
}

// run runs halab against the world.
func (w *world) run(args ...string) result {
	w.t.Helper()
	return w.runCtx(w.t.Context(), args...)
}

func (w *world) runCtx(ctx context.Context, args ...string) result {
	var out, errs syncBuffer
	p := &program{stdin: strings.NewReader(""), stdout: &out, stderr: &errs,
		env:  func(string) string { return "" },
		open: w.open}
	code := p.main(ctx, args)
	return result{code, out.String(), errs.String()}
}

// keepOpen lets several runs use one engine.
type keepOpen struct{ *enginetest.Engine }

func (keepOpen) Close() error { return nil }

// syncBuffer may be read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
