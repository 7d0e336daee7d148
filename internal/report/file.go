package report

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// WriteFile writes a report to path so that a reader sees the old file or the
// new one, never half of one: it writes beside it and renames. The folder is
// opened once and nothing is followed out of it; if path itself is a symbolic
// link or anything but a regular file, it is refused and nothing changes. The
// file's mode is 0644.
func WriteFile(path string, write func(io.Writer) error) (err error) {
	dir, name := filepath.Split(filepath.Clean(path))
	if name == "" || name == "." || name == ".." || strings.HasSuffix(path, string(filepath.Separator)) {
		return fmt.Errorf("cannot write to %q: it names a folder; give the name of a file", path)
	}
	if dir == "" {
		dir = "."
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("cannot write %s: %w; make the folder first", path, err)
	}
	defer root.Close()
	if err := replaceable(root, name, path); err != nil {
		return err
	}
	temporary := "." + name + "." + nonce()
	f, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			f.Close()
			root.Remove(temporary)
		}
	}()
	if err := fill(f, write); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	if err := root.Rename(temporary, name); err != nil {
		return fmt.Errorf("cannot put %s in its place: %w", path, err)
	}
	return nil
}

// replaceable says whether name may be replaced: it is not there, or it is a
// regular file.
func replaceable(root *os.Root, name, path string) error {
	info, err := root.Lstat(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("cannot write %s: %w", path, err)
	case info.Mode()&os.ModeSymlink != 0:
		return fmt.Errorf("refused to write %s: it is a symbolic link, and a report is never written through one; remove the link or give another name", path)
	case info.IsDir():
		return fmt.Errorf("cannot write %s: it is a folder; give the name of a file in it", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("refused to write %s: it is not a regular file (%s); give another name, or leave it out to write to standard output", path, info.Mode().Type())
	}
	return nil
}

func fill(f *os.File, write func(io.Writer) error) error {
	b := bufio.NewWriterSize(f, 64<<10)
	if err := write(b); err != nil {
		return err
	}
	if err := b.Flush(); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	return f.Close()
}

func nonce() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
