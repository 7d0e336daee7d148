package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// MaxSize bounds a configuration file. The largest that are known, with
// thousands of servers, have less than a megabyte.
const MaxSize = 4 << 20

// Error is something that keeps a file from being read as a configuration.
type Error struct {
	Pos
	What string
}

// Error is the place and what is wrong there.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.What
	}
	return e.Pos.String() + ": " + e.What
}

// Errorf makes an Error about a place.
func Errorf(at Pos, format string, args ...any) error {
	return &Error{at, fmt.Sprintf(format, args...)}
}

// Read gives a file's text. A pipe or a device would make halab wait or never
// end, so what is no regular file is refused before it is opened.
func Read(files fs.FS, name string) (string, error) {
	at := Pos{File: name}
	info, err := fs.Stat(files, name)
	switch {
	case err != nil:
		return "", Errorf(at, "it can't be read: %v", reason(err))
	case info.IsDir():
		return "", Errorf(at, "it is a folder, not a file")
	case !info.Mode().IsRegular():
		return "", Errorf(at, "it is no regular file (%s)", info.Mode().Type())
	case info.Size() > MaxSize:
		return "", Errorf(at, "it has %d MB; a configuration has at most %d", info.Size()>>20, MaxSize>>20)
	}
	f, err := files.Open(name)
	if err != nil {
		return "", Errorf(at, "it can't be read: %v", reason(err))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	switch {
	case err != nil:
		return "", Errorf(at, "it can't be read: %v", reason(err))
	case len(text) > MaxSize:
		return "", Errorf(at, "it grew beyond %d MB while it was read", MaxSize>>20)
	}
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return "", Errorf(at, "it is binary (byte %d is zero), not a configuration", i)
	}
	return string(text), nil
}

// reason is an error without the path that is said before it.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
