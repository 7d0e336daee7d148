package engine

import (
	"archive/tar"
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// File is one that a container is to have beside those of its image.
type File struct {
	Path string
	Mode fs.FileMode
	Text []byte
}

// Files are what a container is to have before it starts.
type Files struct {
	List []File
	Mark Mark
}

// Mark identifies files. It is kept in the container, so that a later look can tell
// whether they are still those that are wanted.
type Mark struct {
	Whole  string // of all
	Daemon string // of those that the container's daemon reads when it starts
}

// MarkFile is where a container has its mark.
const MarkFile = "/etc/halab/mark"

// ParseMark reads what MarkFile holds; what is no mark is none.
func ParseMark(text string) Mark {
	whole, daemon, _ := strings.Cut(strings.TrimSpace(text), " ")
	return Mark{whole, daemon}
}

// Tar is a stream for CopyTo, with the mark in it. Every folder but the
// ones that a root has is in it by itself: an engine makes folders that are missing
// writable for everybody, and then keepalived calls the scripts in them insecure.
func (f Files) Tar() ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	made := map[string]bool{}
	list := append(slices.Clone(f.List), File{MarkFile, 0o644, []byte(f.Mark.Whole + " " + f.Mark.Daemon + "\n")})
	for _, file := range list {
		for _, dir := range folders(file.Path) {
			if made[dir] {
				continue
			}
			made[dir] = true
			if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir[1:] + "/", Mode: 0o755}); err != nil {
				return nil, err
			}
		}
		head := &tar.Header{Typeflag: tar.TypeReg, Name: path.Clean(file.Path)[1:], Mode: int64(file.Mode.Perm()), Size: int64(len(file.Text))}
		if err := w.WriteHeader(head); err != nil {
			return nil, err
		}
		if _, err := w.Write(file.Text); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), w.Close()
}

// folders are those above a file, the outermost first, but for a root's own and
// those that are links in it.
func folders(name string) []string {
	var list []string
	for dir := path.Dir(path.Clean(name)); path.Dir(dir) != "/" && dir != "/"; dir = path.Dir(dir) {
		if !slices.Contains([]string{"/var/run", "/var/lock", "/var/tmp"}, dir) {
			list = append(list, dir)
		}
	}
	slices.Reverse(list)
	return list
}
