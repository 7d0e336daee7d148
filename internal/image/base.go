package image

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// debians lists the public images that serve as Debian 12, best first; the first
// one is pulled where none is here.
func debians() []string {
	return []string{"debian:bookworm-slim", "debian:12-slim", "debian:bookworm", "debian:12"}
}

// rootfsRef names an image made from a root file system.
func rootfsRef(hash string) string { return "halab/base:" + Debian12 + "-" + hash[:12] }

// identity stands for a base family in the hashes of its images. It says what
// the base is, not where it came from: every Debian 12 serves alike, but for one
// that was given by hand.
func (b *Builder) identity(base string) (string, error) {
	switch {
	case base == CentOS7:
		return centosRef, nil
	case base != Debian12:
		return "", known(base)
	case b.options.RootFS != "":
		return b.rootfsHash()
	}
	return b.recipe()
}

// recipe hashes how a Debian 12 root file system is made.
func (b *Builder) recipe() (string, error) {
	options, err := b.dpkgOptions()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintln(h, strings.Join(bootstrapArgs(options), "\n")) // a hash never fails
	return short(h), nil
}

// dpkgOptions are the lines of the file that all Debian images have.
func (b *Builder) dpkgOptions() ([]string, error) {
	text, err := fs.ReadFile(b.folder, "common/dpkg.cfg")
	return strings.Fields(string(text)), err
}

func (b *Builder) rootfsHash() (string, error) {
	hash, err := digest(func() (io.ReadCloser, error) { return os.Open(b.options.RootFS) })
	if err != nil {
		return "", fmt.Errorf("the root file system that HALAB_ROOTFS names: %w", err)
	}
	return hash, nil
}

// base makes sure that the base image is here and returns its reference.
func (b *Builder) base(ctx context.Context, base string) (string, error) {
	if base == CentOS7 {
		return b.centosBase(ctx)
	}
	return b.debianBase(ctx)
}

func (b *Builder) centosBase(ctx context.Context) (string, error) {
	found, err := b.found(ctx, centosRef)
	if err != nil || found {
		return centosRef, err
	}
	if err := b.engine.ImagePull(ctx, centosRef, b.progress("base")); err != nil {
		return "", fmt.Errorf("CentOS 7's image %s is not here and can't be pulled: %w\n"+
			"bring it from a machine that has it (docker save %s | ssh … docker load), or take --base %s",
			centosRef, err, centosRef, Debian12)
	}
	return centosRef, nil
}

// debianBase looks for Debian 12 in the order of least work.
func (b *Builder) debianBase(ctx context.Context) (string, error) {
	if b.options.RootFS != "" {
		return b.rootfsBase(ctx)
	}
	recipe, err := b.recipe()
	if err != nil {
		return "", err
	}
	ours := rootfsRef(recipe)
	for _, ref := range append([]string{ours}, debians()...) {
		if found, err := b.found(ctx, ref); err != nil || found {
			return ref, err
		}
	}
	if b.hasty(ctx, debians()[0], b.progress("base")) == nil {
		return debians()[0], nil
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	options, err := b.dpkgOptions()
	if err != nil {
		return "", err
	}
	return ours, b.importing(ctx, ours, func(ctx context.Context, w io.Writer) error {
		return b.options.Bootstrap(ctx, options, w, b.progress("base"))
	})
}

func (b *Builder) rootfsBase(ctx context.Context) (string, error) {
	hash, err := b.rootfsHash()
	if err != nil {
		return "", err
	}
	ref := rootfsRef(hash)
	if found, err := b.found(ctx, ref); err != nil || found {
		return ref, err
	}
	return ref, b.importing(ctx, ref, func(_ context.Context, w io.Writer) error {
		f, err := os.Open(b.options.RootFS)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		_, err = io.Copy(w, f)
		return err
	})
}

// importing streams a root file system into an image. When the writer fails, the
// stream breaks off before its end, so the engine never names half an image.
func (b *Builder) importing(ctx context.Context, ref string, write func(context.Context, io.Writer) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, w := io.Pipe()
	wrote := make(chan error, 1)
	go func() {
		err := write(ctx, w)
		_ = w.CloseWithError(err) // always nil
		wrote <- err
	}()
	_, err := b.engine.ImageImport(ctx, r, ref, map[string]string{LabelImage: "base", LabelBase: Debian12})
	_ = r.Close() // always nil
	cancel()
	if failed := <-wrote; failed != nil && !errors.Is(failed, io.ErrClosedPipe) && !errors.Is(failed, context.Canceled) {
		return failed
	}
	return err
}
