// Package image knows the images that a lab is made of: what each is built
// from, which reference that gives it, and how those that are missing are built.
//
// An image is named by a hash of everything that goes into it, so an image that
// is there is right, and one whose contents changed is missing.
package image

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"

	"halab/internal/base"
)

// Labels on every image that halab builds.
const (
	LabelImage = "halab.image" // node, app, haproxy, keepalived or base
	LabelBase  = "halab.base"  // the base's ID
)

// format is part of every hash: it changes when contexts are put together in
// another way.
const format = "halab image 2"

// Names lists the images.
func Names() []string { return []string{"node", "app", "haproxy", "keepalived"} }

// Image is one image as it should be.
type Image struct {
	Name       string // one of Names
	Base       string // the base's ID
	Hash       string // 12 hexadecimal digits over all it is built from
	Dockerfile string // path in the context
	files      []file // the context, sorted by name
}

// Ref names exactly this image.
func (i Image) Ref() string { return i.Moving() + "-" + i.Hash }

// Moving is the reference that a Compose file has: it follows the newest build.
func (i Image) Moving() string { return "halab/" + i.Name + ":" + i.Base }

// Files lists the names of the files in the build context.
func (i Image) Files() []string {
	names := make([]string, len(i.files))
	for n, f := range i.files {
		names[n] = f.name
	}
	return names
}

func (i Image) labels() map[string]string {
	return map[string]string{LabelImage: i.Name, LabelBase: i.Base}
}

// Images describes the images of a base from the folder of Dockerfiles (images/
// of the repository). identity stands for the base image in the hashes.
func Images(folder fs.FS, of base.Base, identity string, binary Binary) ([]Image, error) {
	var all []Image
	for _, name := range Names() {
		i := Image{Name: name, Base: of.ID, Dockerfile: name + "/Dockerfile"}
		var err error
		if i.files, err = contextFiles(folder, i.Dockerfile, of.Lists, binary); err != nil {
			return nil, fmt.Errorf("image %s: %w", name, err)
		}
		if i.Hash, err = sum(identity, i.files); err != nil {
			return nil, fmt.Errorf("image %s: %w", name, err)
		}
		all = append(all, i)
	}
	return all, nil
}

// sum hashes the base and the files of a context with their names and modes.
func sum(identity string, files []file) (string, error) {
	h := sha256.New()
	field := func(s string) { fmt.Fprintf(h, "%d:%s\n", len(s), s) } // a hash never fails
	field(format)
	field(identity)
	for _, f := range files {
		inside, err := f.digest()
		if err != nil {
			return "", err
		}
		field(fmt.Sprintf("%s %o %s", f.name, f.mode, inside))
	}
	return short(h), nil
}

func short(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil))[:12] }

// digest is the SHA-256 of what a stream holds.
func digest(open func() (io.ReadCloser, error)) (string, error) {
	r, err := open()
	if err != nil {
		return "", err
	}
	defer func() { _ = r.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
