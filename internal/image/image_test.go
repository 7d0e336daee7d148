package image

import (
	"archive/tar"
	"bytes"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"halab/internal/base"
)

// binary is a Binary with this text in it.
func binary(text string) Binary {
	open := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
	hash, err := digest(open)
	if err != nil {
		panic(err)
	}
	return Binary{Hash: hash, Size: int64(len(text)), Open: open}
}

// copyOf is the embedded folder in memory, to be changed by a test.
func copyOf(t *testing.T) fstest.MapFS {
	t.Helper()
	m := fstest.MapFS{}
	err := fs.WalkDir(folder(t), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(folder(t), name)
		m[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// named is a base of the table.
func named(t *testing.T, id string) base.Base {
	t.Helper()
	of, err := base.Named(id)
	if err != nil {
		t.Fatal(err)
	}
	return of
}

func hashes(t *testing.T, f fs.FS, id, identity string, b Binary) map[string]string {
	t.Helper()
	all, err := Images(f, named(t, id), identity, b)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, i := range all {
		found[i.Name] = i.Hash
	}
	return found
}

// A hash changes with what an image is built from, and with nothing else.
func TestHash(t *testing.T) {
	touch := func(name string) func(fstest.MapFS) {
		return func(m fstest.MapFS) { m[name] = &fstest.MapFile{Data: append([]byte("# new\n"), dataOf(m[name])...)} }
	}
	all := Names()
	tests := []struct {
		what     string
		change   func(fstest.MapFS)
		identity string
		binary   string
		want     []string // the images whose hash changes
	}{
		{what: "nothing"},
		{what: "the base", identity: "other", want: all},
		{what: "the binary", binary: "other", want: []string{"node", "haproxy", "keepalived"}},
		{what: "a Dockerfile", change: touch("haproxy/Dockerfile"), want: []string{"haproxy"}},
		{what: "a list", change: touch("haproxy/debian/packages"), want: []string{"haproxy"}},
		{what: "another base's list", change: touch("haproxy/centos7/packages")},
		{what: "the common script", change: touch("common/install"), want: all},
		{what: "the app", change: touch("app/src/wsgi.py"), want: []string{"app"}},
		{what: "the app's tests", change: touch("app/tests/test_wsgi.py")},
		{what: "a new file of the app", change: touch("app/src/new.py"), want: []string{"app"}},
		{what: "what Python leaves", change: touch("app/src/__pycache__/wsgi.pyc")},
		{what: "a hidden file", change: touch("app/src/.wsgi.py.swp")},
	}
	before := hashes(t, copyOf(t), base.Debian12, "base", binary("halab"))
	for _, test := range tests {
		t.Run(test.what, func(t *testing.T) {
			m := copyOf(t)
			if test.change != nil {
				test.change(m)
			}
			after := hashes(t, m, base.Debian12, "base"+test.identity, binary("halab"+test.binary))
			var changed []string
			for _, name := range Names() {
				if before[name] != after[name] {
					changed = append(changed, name)
				}
			}
			if !slices.Equal(changed, test.want) {
				t.Errorf("changed: %q, want %q", changed, test.want)
			}
		})
	}
	other := hashes(t, copyOf(t), base.CentOS7, "base", binary("halab"))
	for name, hash := range maps.All(before) {
		if len(hash) != 12 || hash == other[name] {
			t.Errorf("%s: hashes %q and %q of the two families", name, hash, other[name])
		}
	}
}

func TestContext(t *testing.T) {
	all, err := Images(folder(t), named(t, base.Debian12), "base", binary("the binary"))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		t.Run(i.Name, func(t *testing.T) {
			var first, second bytes.Buffer
			if err := i.WriteContext(&first); err != nil {
				t.Fatal(err)
			}
			if err := i.WriteContext(&second); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(first.Bytes(), second.Bytes()) {
				t.Error("two contexts of one image differ")
			}
			checkTar(t, &first, i)
		})
	}
}

func checkTar(t *testing.T, r io.Reader, i Image) {
	t.Helper()
	archive := tar.NewReader(r)
	var names []string
	for {
		h, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.ModTime.Unix() != 0 {
			t.Errorf("%s: owner %d:%d %q, time %v", h.Name, h.Uid, h.Gid, h.Uname, h.ModTime)
		}
		mode := int64(0o644)
		if h.Name == binaryName {
			mode = 0o755
			if data, err := io.ReadAll(archive); err != nil || string(data) != "the binary" {
				t.Errorf("binary is %q, %v", data, err)
			}
		}
		if h.Mode != mode {
			t.Errorf("%s: mode %o, want %o", h.Name, h.Mode, mode)
		}
	}
	if !slices.IsSorted(names) || !slices.Equal(names, i.Files()) {
		t.Errorf("names are %q, want %q", names, i.Files())
	}
	if want := i.Name != "app"; slices.Contains(names, binaryName) != want {
		t.Errorf("has the binary: %v, want %v", !want, want)
	}
	if !slices.Contains(names, i.Dockerfile) {
		t.Errorf("%s is not in %q", i.Dockerfile, names)
	}
}

func TestBadDockerfile(t *testing.T) {
	for text, want := range map[string]string{
		"COPY --from=x a b":    "is not of the form",
		`COPY ["a", "b"]`:      "is not of the form",
		"COPY a":               "is not of the form",
		"COPY node/absent /x/": "copies node/absent",
	} {
		m := copyOf(t)
		m["node/Dockerfile"] = &fstest.MapFile{Data: []byte(text)}
		if _, err := Images(m, named(t, base.Debian12), "base", binary("")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q in it", text, err, want)
		}
	}
}

func dataOf(f *fstest.MapFile) []byte {
	if f == nil {
		return nil
	}
	return f.Data
}
