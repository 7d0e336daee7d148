package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"halab/internal/engine"
	"halab/internal/engine/fleet"
	"halab/internal/problem"
)

// host is an engine of which only what a test needs does anything.
type host struct {
	fleet.Engine
	name    string
	hangs   bool
	arch    string
	images  map[string]string
	cut     int  // loads that lose their connection
	full    bool // no load has room
	loads   int
	removed []string
}

func (h *host) Containers(ctx context.Context, _ engine.Filter) ([]engine.Container, error) {
	if h.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return []engine.Container{{ID: "1", Name: h.name + "-c"}}, nil
}

func (h *host) Networks(ctx context.Context, _ engine.Filter) ([]engine.Network, error) {
	if h.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return nil, nil
}

func (h *host) ContainerRemove(_ context.Context, id string) error {
	h.removed = append(h.removed, id)
	return nil
}

func (h *host) Info(context.Context) (engine.Info, error) { return engine.Info{Arch: h.arch}, nil }

func (h *host) ImageInspect(_ context.Context, ref string) (engine.Image, error) {
	id, found := h.images[ref]
	if !found {
		return engine.Image{}, engine.ErrNotFound
	}
	return engine.Image{ID: id}, nil
}

func (h *host) ImageSave(_ context.Context, refs []string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(strings.Join(refs, "\n"))), nil
}

func (h *host) ImageLoad(_ context.Context, r io.Reader, _ func(string)) error {
	h.loads++
	if h.full {
		return fmt.Errorf("load images: write /var/lib/docker: %w", engine.ErrNoSpace)
	}
	if h.cut > 0 {
		h.cut--
		return io.ErrUnexpectedEOF
	}
	data, err := io.ReadAll(r)
	for _, ref := range strings.Split(string(data), "\n") {
		h.images[ref] = "sha256:" + ref
	}
	return err
}

func members(hosts ...*host) []fleet.Member {
	var list []fleet.Member
	for _, h := range hosts {
		list = append(list, fleet.Member{Name: h.name, Endpoint: "tcp://" + h.name, Engine: h})
	}
	return list
}

func TestIDsFindTheirWayBack(t *testing.T) {
	home, a, b := &host{name: "home"}, &host{name: "a"}, &host{name: "b"}
	f := fleet.New(home, members(a, b))
	all, err := f.Containers(t.Context(), nil)
	if err != nil || len(all) != 3 {
		t.Fatalf("%v, %v", all, err)
	}
	for _, id := range []string{all[0].ID, all[2].ID, "b-c", "never-seen"} {
		if err := f.ContainerRemove(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if all[2].Endpoint != "tcp://b" || len(a.removed) != 0 ||
		!slices.Equal(b.removed, []string{"1", "b-c"}) || !slices.Equal(home.removed, []string{"1", "never-seen"}) {
		t.Errorf("%+v: home %v, a %v, b %v", all, home.removed, a.removed, b.removed)
	}
}

// A host that hangs costs the first look its time, later ones nothing, and the
// others go on.
func TestASilentHostIsAState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := &host{name: "a", hangs: true}, &host{name: "b"}
		f := fleet.New(&host{name: "home"}, members(a, b))
		for look := range 3 {
			all, err := f.Containers(t.Context(), nil)
			if err != nil || len(all) != 2 {
				t.Fatalf("look %d: %v, %v", look, all, err)
			}
		}
		down := f.Unreachable()
		if len(down) != 1 || !strings.Contains(down["a"], "a (tcp://a): no answer within 2s") {
			t.Errorf("unreachable: %v", down)
		}
		time.Sleep(3 * time.Second) // of the test's own time: what looks behind the scenes gives up
		synctest.Wait()
		a.hangs = false
		for range 2 { // the first look finds out, the second one knows
			if _, err := f.Containers(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if down := f.Unreachable(); len(down) > 0 {
			t.Errorf("still unreachable: %v", down)
		}
	})
}

func TestAnEndpointThatCannotBeOpened(t *testing.T) {
	f := fleet.New(&host{name: "home"}, []fleet.Member{{Name: "a", Endpoint: "ssh://a", Problem: errors.New("no such context")}})
	all, err := f.Containers(t.Context(), nil)
	if err != nil || len(all) != 1 || !strings.Contains(f.Unreachable()["a"], "no such context") {
		t.Errorf("%v, %v, %v", all, err, f.Unreachable())
	}
	if _, err := f.ContainerCreate(t.Context(), engine.ContainerSpec{Endpoint: "ssh://a"}); err == nil || !strings.Contains(err.Error(), "a (ssh://a): no such context") {
		t.Error(err)
	}
}

func TestDistribute(t *testing.T) {
	home := &host{name: "home", arch: "x86_64", images: map[string]string{"one": "sha256:one", "two": "sha256:two"}}
	full := &host{name: "full", arch: "x86_64", images: map[string]string{"one": "sha256:one", "two": "sha256:two"}}
	old := &host{name: "old", arch: "x86_64", images: map[string]string{"one": "sha256:older", "two": "sha256:two"}}
	cut := &host{name: "cut", arch: "x86_64", images: map[string]string{}, cut: 1}
	dead := &host{name: "dead", arch: "x86_64", images: map[string]string{}, cut: 99}
	arm := &host{name: "arm", arch: "aarch64", images: map[string]string{}}
	f := fleet.New(home, members(full, old, cut, dead, arm))
	failed := f.Distribute(t.Context(), []string{"one", "two"}, func(string, string) {})
	if full.loads != 0 || old.loads != 1 || cut.loads != 2 || arm.loads != 0 || dead.loads != 3 {
		t.Errorf("loads: full %d, old %d, cut %d, dead %d, arm %d", full.loads, old.loads, cut.loads, dead.loads, arm.loads)
	}
	if old.images["one"] != "sha256:one" || cut.images["two"] != "sha256:two" || len(dead.images) != 0 {
		t.Errorf("old %v, cut %v, dead %v", old.images, cut.images, dead.images)
	}
	if len(failed) != 2 || !strings.Contains(failed["arm"].Error(), "arm (tcp://arm): its architecture is aarch64") || !strings.Contains(failed["dead"].Error(), "tcp://dead") {
		t.Errorf("failed: %v", failed)
	}
}

// A host without room is asked once, and told what to do.
func TestNoRoom(t *testing.T) {
	home := &host{name: "home", arch: "x86_64", images: map[string]string{"one": "sha256:one"}}
	full := &host{name: "full", arch: "x86_64", images: map[string]string{}, full: true}
	failed := fleet.New(home, members(full)).Distribute(t.Context(), []string{"one"}, func(string, string) {})
	if text := problem.Of(failed["full"]).Text(); full.loads != 1 || !strings.Contains(text, "full (tcp://full): bring images") || !strings.Contains(text, "docker -H tcp://full system df") {
		t.Errorf("%d loads: %s", full.loads, text)
	}
}

// A host that was excluded answers, and takes no part all the same.
func TestExclude(t *testing.T) {
	a, b := &host{name: "a"}, &host{name: "b"}
	f := fleet.New(&host{name: "home"}, members(a, b))
	f.Exclude("a", errors.New("a: it has containers of lab theirs"))
	if _, err := f.Containers(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if down := f.Unreachable(); len(down) != 1 || down["a"] != "a: it has containers of lab theirs" {
		t.Errorf("%v", down)
	}
	if !slices.Equal(f.Absent(), []string{"tcp://a"}) {
		t.Errorf("%v", f.Absent())
	}
}

// An offset within the error of its measurement is none.
func TestClockWords(t *testing.T) {
	for _, c := range []struct {
		clock fleet.Clock
		known time.Duration
		words string
	}{
		{fleet.Clock{Offset: -5900 * time.Microsecond, Within: 7800 * time.Microsecond}, 0, "its clock is right, ±7.8ms"},
		{fleet.Clock{Offset: 5 * time.Second, Within: 4 * time.Millisecond}, 5 * time.Second, "its clock is 5s ahead, ±4ms"},
		{fleet.Clock{Offset: -time.Second, Within: time.Millisecond}, -time.Second, "its clock is 1s behind, ±1ms"},
	} {
		if c.clock.Known() != c.known || c.clock.String() != c.words {
			t.Errorf("%s: %s", c.clock.Known(), c.clock)
		}
	}
}
