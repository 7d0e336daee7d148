package engine

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
)

// A folder that an engine makes by itself is writable for everybody, and keepalived
// runs no script below one. Those that a root has, and links in it, stay as they are.
func TestTarOfFiles(t *testing.T) {
	f := Files{Mark: Mark{"a", "b"}, List: []File{
		{"/etc/keepalived/scripts/check.sh", 0o755, []byte("#!/bin/sh\n")},
		{"/etc/keepalived/keepalived.conf", 0o640, []byte("x")},
		{"/var/run/x", 0o644, nil},
	}}
	stream, err := f.Tar()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for r := tar.NewReader(bytes.NewReader(stream)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(r)
		got = append(got, fmt.Sprintf("%s %o %q", h.Name, h.Mode, text))
	}
	want := []string{
		`etc/keepalived/ 755 ""`, `etc/keepalived/scripts/ 755 ""`, `etc/keepalived/scripts/check.sh 755 "#!/bin/sh\n"`,
		`etc/keepalived/keepalived.conf 640 "x"`, `var/run/x 644 ""`, `etc/halab/ 755 ""`, `etc/halab/mark 644 "a b\n"`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if ParseMark("a b\n") != f.Mark || ParseMark("") != (Mark{}) {
		t.Error("a mark is not read as it was written")
	}
}
