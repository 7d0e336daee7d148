package imports

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"halab/internal/daemonconf/inventory"
	"halab/internal/problem"
)

// Free says whether a folder may be made: it is not there, and the one above it
// is.
func Free(folder string) error {
	parent, name := filepath.Split(filepath.Clean(folder))
	if name == "" || name == "." || name == ".." {
		return fmt.Errorf("-o cannot be %q: it is the name of a folder that is yet to be made", folder)
	}
	if _, err := os.Lstat(filepath.Clean(folder)); err == nil {
		return problem.New("%s is there already, and an import replaces nothing", folder).Cure("name another folder, or remove that one")
	}
	if info, err := os.Stat(cmp.Or(parent, ".")); err != nil || !info.IsDir() {
		return fmt.Errorf("%s can't be made: there is no folder %s", folder, parent)
	}
	return nil
}

// Write writes the machines into a new folder, which is there whole or not at
// all: it is made beside and renamed.
func Write(folder string, nodes []*Node) (err error) {
	if err := Free(folder); err != nil {
		return err
	}
	parent, name := filepath.Split(filepath.Clean(folder))
	root, err := os.OpenRoot(cmp.Or(parent, "."))
	if err != nil {
		return fmt.Errorf("%s can't be made: %w", folder, err)
	}
	defer root.Close()
	temporary := "." + name + "." + nonce(8)
	if err := root.Mkdir(temporary, 0o755); err != nil {
		return fmt.Errorf("%s can't be made: %w", folder, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, root.RemoveAll(temporary))
		}
	}()
	for _, n := range nodes {
		if err := n.write(root, path.Join(temporary, n.Record.Name)); err != nil {
			return fmt.Errorf("%s can't be written: %w", folder, err)
		}
	}
	if _, err := root.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s was made by somebody else meanwhile", folder)
	}
	if err := root.Rename(temporary, name); err != nil {
		return fmt.Errorf("%s can't be put in its place: %w", folder, err)
	}
	return nil
}

func (n *Node) write(root *os.Root, folder string) error {
	for _, name := range n.names() {
		f := n.files[name]
		mode := fs.FileMode(0o644)
		if f.program {
			mode = 0o755
		}
		if err := put(root, path.Join(folder, inventory.Local(name)), f.text, mode); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(n.Record, "", "  ")
	if err != nil {
		return err
	}
	return put(root, path.Join(folder, inventory.File), string(text)+"\n", 0o644)
}

func put(root *os.Root, name, text string, mode fs.FileMode) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = strings.NewReader(text).WriteTo(f)
	return errors.Join(err, f.Close())
}
