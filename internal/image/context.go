package image

import (
	"archive/tar"
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// binaryName is what a Dockerfile calls the halab binary; it is in no folder.
const binaryName = "halab"

// listsArg is the argument of a Dockerfile that names the folder with the base's
// lists of packages.
const listsArg = "LISTS"

// file is one file of a build context.
type file struct {
	name string
	mode int64
	size int64
	open func() (io.ReadCloser, error)
	hash string // where it is known already
}

func (f file) digest() (string, error) {
	if f.hash != "" {
		return f.hash, nil
	}
	return digest(f.open)
}

// contextFiles returns the Dockerfile and what it copies with these lists, sorted
// by name.
func contextFiles(folder fs.FS, dockerfile, lists string, binary Binary) ([]file, error) {
	text, err := fs.ReadFile(folder, dockerfile)
	if err != nil {
		return nil, err
	}
	files := []file{folderFile(folder, dockerfile, int64(len(text)))}
	sources, err := copied(strings.ReplaceAll(string(text), "${"+listsArg+"}", lists))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dockerfile, err)
	}
	for _, source := range sources {
		if source == binaryName {
			files = append(files, binary.file())
			continue
		}
		found, err := walk(folder, source)
		if err != nil {
			return nil, fmt.Errorf("%s copies %s: %w", dockerfile, source, err)
		}
		files = append(files, found...)
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return slices.CompactFunc(files, func(a, b file) bool { return a.name == b.name }), nil
}

// copied lists the sources of a Dockerfile's COPY instructions.
func copied(dockerfile string) ([]string, error) {
	var sources []string
	lines := bufio.NewScanner(strings.NewReader(dockerfile))
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || words[0] != "COPY" {
			continue
		}
		if len(words) < 3 || strings.HasPrefix(words[1], "-") || strings.HasPrefix(words[1], "[") {
			return nil, fmt.Errorf("%q is not of the form COPY SOURCE… TARGET", lines.Text())
		}
		for _, source := range words[1 : len(words)-1] {
			sources = append(sources, path.Clean(source))
		}
	}
	return sources, lines.Err()
}

// walk lists the files at or under a path, without what is hidden or left over
// by Python.
func walk(folder fs.FS, root string) ([]file, error) {
	var files []file
	err := fs.WalkDir(folder, root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "__pycache__"):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		files = append(files, folderFile(folder, name, info.Size()))
		return nil
	})
	return files, err
}

func folderFile(folder fs.FS, name string, size int64) file {
	return file{name: name, mode: 0o644, size: size, open: func() (io.ReadCloser, error) { return folder.Open(name) }}
}

// WriteContext writes the build context as a tar stream. The same contents
// always give the same bytes.
func (i Image) WriteContext(w io.Writer) error {
	archive := tar.NewWriter(w)
	for _, f := range i.files {
		if err := writeFile(archive, f); err != nil {
			return fmt.Errorf("build context of %s: %s: %w", i.Name, f.name, err)
		}
	}
	return archive.Close()
}

func writeFile(archive *tar.Writer, f file) error {
	r, err := f.open()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	header := &tar.Header{
		Typeflag: tar.TypeReg,
		Name:     f.name,
		Mode:     f.mode,
		Size:     f.size,
		ModTime:  time.Unix(0, 0),
		Format:   tar.FormatUSTAR,
	}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.Copy(archive, r)
	return err
}
