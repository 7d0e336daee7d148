package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"halab"
	"halab/internal/base"
	"halab/internal/engine"
)

// fake is an engine that has some images and writes down what it is asked for.
type fake struct {
	mu      sync.Mutex
	here    map[string]string // reference -> ID
	did     []string
	pull    func(ctx context.Context, ref string, progress func(string)) error
	build   func(ctx context.Context, spec engine.BuildSpec) error
	spec    map[string]engine.BuildSpec // by reference
	imports map[string]string           // reference -> contents
}

func (f *fake) note(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.did = append(f.did, fmt.Sprintf(format, args...))
}

func (f *fake) Images(_ context.Context, filter engine.Filter) ([]engine.Image, error) {
	if !maps.Equal(filter, engine.Filter{LabelImage: ""}) {
		return nil, fmt.Errorf("filter is %v", filter)
	}
	var all []engine.Image
	for ref, id := range f.here {
		if strings.HasPrefix(ref, "halab/") {
			all = append(all, engine.Image{ID: id, Tags: []string{ref}})
		}
	}
	return all, nil
}

func (f *fake) ImageInspect(_ context.Context, ref string) (engine.Image, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if id, found := f.here[ref]; found {
		return engine.Image{ID: id}, nil
	}
	return engine.Image{}, fmt.Errorf("inspect image %s: %w", ref, engine.ErrNotFound)
}

func (f *fake) ImageBuild(ctx context.Context, spec engine.BuildSpec, progress func(string)) (string, error) {
	f.note("build %s on %s", spec.Tags[1], spec.Args["BASE"])
	if _, err := io.Copy(io.Discard, spec.Context); err != nil {
		return "", err
	}
	progress("Step 1/1 : FROM " + spec.Args["BASE"])
	if f.build != nil {
		if err := f.build(ctx, spec); err != nil {
			return "", err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, tag := range spec.Tags {
		f.here[tag] = "built " + spec.Tags[0]
		f.spec[tag] = spec
	}
	return "built " + spec.Tags[0], nil
}

func (f *fake) ImageImport(_ context.Context, r io.Reader, ref string, labels map[string]string) (string, error) {
	f.note("import %s", ref)
	if !maps.Equal(labels, map[string]string{LabelImage: "base", LabelBase: base.Debian12}) {
		return "", fmt.Errorf("labels are %v", labels)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return "", fmt.Errorf("the engine saw: %w", err)
	}
	f.here[ref], f.imports[ref] = "imported", string(data)
	return "imported", nil
}

func (f *fake) ImagePull(ctx context.Context, ref string, progress func(string)) error {
	f.note("pull %s", ref)
	if err := f.pull(ctx, ref, progress); err != nil {
		return err
	}
	f.here[ref] = "pulled"
	return nil
}

func (f *fake) ImageTag(_ context.Context, ref, tag string) error {
	f.note("tag %s", tag)
	f.here[tag] = f.here[ref]
	return nil
}

var errOffline = errors.New("pull image: dial tcp: no such host")

func offline(context.Context, string, func(string)) error { return errOffline }

func online(_ context.Context, ref string, progress func(string)) error {
	progress("Pulling from " + ref)
	return nil
}

// silent is a registry that never answers, stalled one that never ends.
func silent(ctx context.Context, _ string, _ func(string)) error {
	<-ctx.Done()
	return ctx.Err()
}

func stalled(ctx context.Context, ref string, progress func(string)) error {
	progress("Pulling from " + ref)
	<-ctx.Done()
	return ctx.Err()
}

func newBuilder(t *testing.T, f *fake, change func(*Options)) *Builder {
	t.Helper()
	f.spec, f.imports = map[string]engine.BuildSpec{}, map[string]string{}
	if f.here == nil {
		f.here = map[string]string{}
	}
	o := Options{
		Files:  halab.Files,
		Binary: func() (Binary, error) { return binary("halab"), nil },
		Bootstrap: func(_ context.Context, _ base.Base, dpkg []string, w io.Writer, progress func(string)) error {
			progress("I: success")
			_, err := io.WriteString(w, strings.Join(dpkg, "\n"))
			return err
		},
	}
	if change != nil {
		change(&o)
	}
	b, err := New(f, o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// have puts all images of a base family into the engine.
func have(t *testing.T, f *fake, id string) {
	t.Helper()
	p, err := newBuilder(t, f, nil).Plan(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range p.Images {
		f.here[i.Ref()], f.here[i.Moving()] = "id "+i.Name, "id "+i.Name
	}
}

func TestResolve(t *testing.T) {
	tests := []struct {
		name   string
		want   string
		here   []string // public images
		built  string   // base family whose images are built
		pull   func(context.Context, string, func(string)) error
		base   string
		reason string
		pulls  int
		guess  string
	}{
		{"named", base.Debian12, []string{"centos:7"}, "", nil, base.Debian12, "named by hand", 0, base.Debian12},
		{"here", base.Auto, []string{"centos:7"}, "", nil, base.CentOS7, "centos:7 is here", 0, base.CentOS7},
		{"built", base.Auto, nil, base.CentOS7, nil, base.CentOS7, "are built", 0, base.CentOS7},
		{"Debian built", base.Auto, nil, base.Debian12, nil, base.Debian12, "Debian 12's images are built", 0, base.Debian12},
		{"CentOS here, Debian built", base.Auto, []string{"centos:7"}, base.Debian12, nil, base.CentOS7, "is here", 0, base.CentOS7},
		{"online", base.Auto, nil, "", online, base.CentOS7, "could be pulled", 1, base.Debian12},
		{"offline", base.Auto, nil, "", offline, base.Debian12, "not here and can't be pulled (no such host)", 1, base.Debian12},
		{"silent", base.Auto, nil, "", silent, base.Debian12, "no registry answered within 5s", 1, base.Debian12},
		{"stalled", base.Auto, nil, "", stalled, base.Debian12, "was not here within 15s", 1, base.Debian12},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{pull: test.pull, here: map[string]string{}}
				for _, ref := range test.here {
					f.here[ref] = "public"
				}
				if test.built != "" {
					have(t, f, test.built)
				}
				b := newBuilder(t, f, nil)
				guess, err := b.Guess(t.Context(), test.want)
				if err != nil || guess.Base != test.guess || len(f.did) != 0 {
					t.Errorf("guess is %v, %v; the engine did %q", guess, err, f.did)
				}
				got, err := b.Resolve(t.Context(), test.want)
				if err != nil {
					t.Fatal(err)
				}
				if got.Base != test.base || !strings.Contains(got.Reason, test.reason) || len(f.did) != test.pulls {
					t.Errorf("got %q after %q, want %s: …%s…", got, f.did, test.base, test.reason)
				}
				if strings.Contains(got.String(), "\n") {
					t.Errorf("%q is more than a line", got)
				}
			})
		})
	}
}

func TestResolveStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &fake{pull: func(ctx context.Context, ref string, progress func(string)) error {
		cancel()
		return silent(ctx, ref, progress)
	}}
	if c, err := newBuilder(t, f, nil).Resolve(ctx, base.Auto); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", c, err)
	}
	if _, err := newBuilder(t, f, nil).Resolve(t.Context(), "alpine"); err == nil || !strings.Contains(err.Error(), `no base "alpine"`) {
		t.Errorf("error is %v", err)
	}
}

func TestEnsureBuildsWhatIsMissing(t *testing.T) {
	f := &fake{here: map[string]string{"debian:12": "public"}}
	var said, done []string
	tell := func(o *Options) {
		o.Progress = func(image, line string) { said = append(said, image+" "+line) }
		o.Done = func(image string) { done = append(done, image) }
	}
	refs, err := newBuilder(t, f, tell).Ensure(t.Context(), base.Debian12)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(f.did)
	want := []string{
		"build halab/app:debian12 on debian:12", "build halab/haproxy:debian12 on debian:12",
		"build halab/keepalived:debian12 on debian:12", "build halab/node:debian12 on debian:12",
	}
	if !slices.Equal(f.did, want) {
		t.Errorf("did %q", f.did)
	}
	if slices.Sort(done); len(said) != 4 || !slices.Equal(done, []string{"app", "haproxy", "keepalived", "node"}) {
		t.Errorf("progress is %q, done are %q", said, done)
	}
	for name, ref := range refs {
		spec := f.spec[ref]
		if spec.NetworkMode != "host" || spec.Labels[LabelImage] != name || spec.Labels[LabelBase] != base.Debian12 {
			t.Errorf("%s was built as %+v", ref, spec)
		}
	}

	f.did = nil
	again, err := newBuilder(t, f, nil).Ensure(t.Context(), base.Debian12)
	if err != nil || !maps.Equal(refs, again) || len(f.did) != 0 {
		t.Errorf("the second time it gave %v, %v and did %q", again, err, f.did)
	}

	delete(f.here, refs["haproxy"])
	f.here["halab/node:debian12"] = "an older build"
	p, err := newBuilder(t, f, nil).Plan(t.Context(), base.Debian12)
	if err != nil || !maps.Equal(p.Missing, map[string]string{"haproxy": "what it is built from changed"}) {
		t.Errorf("missing is %v, %v", p.Missing, err)
	}
	if _, err := newBuilder(t, f, nil).Ensure(t.Context(), base.Debian12); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(f.did, []string{"build halab/haproxy:debian12 on debian:12", "tag halab/node:debian12"}) {
		t.Errorf("did %q", f.did)
	}
}

func TestDebianBase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "root.tar")
	if err := os.WriteFile(file, []byte("by hand"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		here   string
		pull   func(context.Context, string, func(string)) error
		rootfs string
		did    string // first thing, before the images are built
		holds  string // what was imported
	}{
		{name: "here", here: "debian:bookworm-slim", did: "build"},
		{name: "pulled", pull: online, did: "pull debian:bookworm-slim"},
		{name: "made", pull: offline, did: "pull debian:bookworm-slim", holds: "path-exclude=/usr/share/man/*"},
		{name: "by hand", here: "debian:bookworm-slim", rootfs: file, did: "import halab/base:debian12-", holds: "by hand"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := &fake{pull: test.pull, here: map[string]string{}}
			if test.here != "" {
				f.here[test.here] = "public"
			}
			set := func(o *Options) { o.RootFS = test.rootfs }
			if _, err := newBuilder(t, f, set).Ensure(t.Context(), base.Debian12); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(f.did[0], test.did) {
				t.Errorf("did %q, want %q first", f.did, test.did)
			}
			held := slices.Collect(maps.Values(f.imports))
			if (test.holds == "") != (len(held) == 0) || test.holds != "" && !strings.Contains(held[0], test.holds) {
				t.Errorf("imported %q, want %q", held, test.holds)
			}
			// The base is made once.
			for ref := range f.here {
				if strings.HasPrefix(ref, "halab/app") {
					delete(f.here, ref)
				}
			}
			f.did = nil
			if _, err := newBuilder(t, f, set).Ensure(t.Context(), base.Debian12); err != nil || len(f.did) != 1 {
				t.Errorf("with the base here it did %q, %v", f.did, err)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	broken := errors.New("mmdebstrap failed: no mirror")
	tests := []struct {
		name  string
		base  string
		fake  *fake
		boot  error
		wants []string
	}{
		{"CentOS can't be had", base.CentOS7, &fake{pull: offline}, nil,
			[]string{"CentOS 7's image centos:7", "no such host", "docker load", "--base debian12"}},
		{"no root file system", base.Debian12, &fake{pull: offline}, broken, []string{"no mirror"}},
		{"a build fails", base.Debian12, &fake{here: map[string]string{"debian:12": ""}, build: func(ctx context.Context, spec engine.BuildSpec) error {
			if spec.Labels[LabelImage] == "app" {
				return errors.New("Step 4/9 failed")
			}
			<-ctx.Done() // the others are ended
			return ctx.Err()
		}}, nil, []string{"image app: Step 4/9 failed"}},
		{"a build on CentOS fails", base.CentOS7, &fake{here: map[string]string{"centos:7": ""},
			build: func(context.Context, engine.BuildSpec) error { return errors.New("no mirror") }}, nil,
			[]string{"no mirror", "--base debian12"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBuilder(t, test.fake, func(o *Options) {
				boot := o.Bootstrap
				o.Bootstrap = func(ctx context.Context, of base.Base, dpkg []string, w io.Writer, progress func(string)) error {
					return errors.Join(boot(ctx, of, dpkg, w, progress), test.boot)
				}
			})
			_, err := b.Ensure(t.Context(), test.base)
			for _, want := range test.wants {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error is %v, want %q in it", err, want)
				}
			}
			if len(test.fake.imports) != 0 {
				t.Errorf("half a root file system was imported: %q", test.fake.imports)
			}
		})
	}
}
