package image

import (
	"fmt"
	"io"
	"os"
)

// Binary is the halab binary that images carry.
type Binary struct {
	Hash string // SHA-256 of its contents
	Size int64  // bytes
	Open func() (io.ReadCloser, error)
}

// Own is the binary that is running.
func Own() (Binary, error) {
	path, err := os.Executable()
	if err != nil {
		return Binary{}, fmt.Errorf("find the halab binary, which images carry: %w", err)
	}
	return FromFile(path)
}

// FromFile is the binary at path.
func FromFile(path string) (Binary, error) {
	open := func() (io.ReadCloser, error) { return os.Open(path) }
	info, err := os.Stat(path)
	if err != nil {
		return Binary{}, fmt.Errorf("read the halab binary, which images carry: %w", err)
	}
	hash, err := digest(open)
	if err != nil {
		return Binary{}, fmt.Errorf("read the halab binary, which images carry: %w", err)
	}
	return Binary{Hash: hash, Size: info.Size(), Open: open}, nil
}

func (b Binary) file() file {
	return file{name: binaryName, mode: 0o755, size: b.Size, open: b.Open, hash: b.Hash}
}
