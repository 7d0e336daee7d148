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

	"halab/internal/base"
)

// rootfsRef names an image made from a root file system.
func rootfsRef(of base.Base, hash string) string { return "halab/base:" + of.ID + "-" + hash[:12] }

// identity stands for a base in the hashes of its images. It says what the base
// is, not where it came from: every Debian 12 serves alike, but for one that was
// given by hand.
func (b *Builder) identity(of base.Base) (string, error) {
	switch {
	case of.Boot.Suite == "":
		return of.Public[0], nil
	case b.options.RootFS != "":
		return b.rootfsHash()
	}
	return b.recipe(of)
}

// recipe hashes how a root file system is made.
func (b *Builder) recipe(of base.Base) (string, error) {
	options, err := dpkgOptions(b.folder)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintln(h, strings.Join(bootstrapArgs(of.Boot, options), "\n")) // a hash never fails
	return short(h), nil
}

// dpkgOptions are the lines of the file that all Debian images have.
func dpkgOptions(folder fs.FS) ([]string, error) {
	text, err := fs.ReadFile(folder, "common/dpkg.cfg")
	return strings.Fields(string(text)), err
}

func (b *Builder) rootfsHash() (string, error) {
	hash, err := digest(func() (io.ReadCloser, error) { return os.Open(b.options.RootFS) })
	if err != nil {
		return "", fmt.Errorf("the root file system that HALAB_ROOTFS names: %w", err)
	}
	return hash, nil
}

// stand makes sure that the image to build on is here and returns its reference.
func (b *Builder) stand(ctx context.Context, of base.Base) (string, error) {
	if of.Boot.Suite == "" {
		return b.pulled(ctx, of)
	}
	return b.debian(ctx, of)
}

// pulled is for a base that comes from a registry or not at all.
func (b *Builder) pulled(ctx context.Context, of base.Base) (string, error) {
	ref := of.Public[0]
	found, err := b.found(ctx, ref)
	if err != nil || found {
		return ref, err
	}
	if err := b.engine.ImagePull(ctx, ref, b.progress("base")); err != nil {
		return "", fmt.Errorf("%s's image %s is not here and can't be pulled: %w\n"+
			"bring it from a machine that has it (docker save %s | ssh … docker load), or take --base %s",
			of.Title, ref, err, ref, base.Debian12)
	}
	return ref, nil
}

// debian looks for a Debian in the order of least work.
func (b *Builder) debian(ctx context.Context, of base.Base) (string, error) {
	if b.options.RootFS != "" {
		return b.rootfs(ctx, of)
	}
	recipe, err := b.recipe(of)
	if err != nil {
		return "", err
	}
	ours := rootfsRef(of, recipe)
	for _, ref := range append([]string{ours}, of.Public...) {
		if found, err := b.found(ctx, ref); err != nil || found {
			return ref, err
		}
	}
	if b.hasty(ctx, of.Public[0], b.progress("base")) == nil {
		return of.Public[0], nil
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	options, err := dpkgOptions(b.folder)
	if err != nil {
		return "", err
	}
	if of.Boot.Undated {
		b.say(fmt.Sprintf("base %s is made from packages of a mirror that may be out of date: whether its release file has expired is not looked at", of.ID))
	}
	return ours, b.importing(ctx, of, ours, func(ctx context.Context, w io.Writer) error {
		return b.options.Bootstrap(ctx, of, options, w, b.progress("base"))
	})
}

func (b *Builder) rootfs(ctx context.Context, of base.Base) (string, error) {
	hash, err := b.rootfsHash()
	if err != nil {
		return "", err
	}
	ref := rootfsRef(of, hash)
	if found, err := b.found(ctx, ref); err != nil || found {
		return ref, err
	}
	return ref, b.importing(ctx, of, ref, func(_ context.Context, w io.Writer) error {
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
func (b *Builder) importing(ctx context.Context, of base.Base, ref string, write func(context.Context, io.Writer) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, w := io.Pipe()
	wrote := make(chan error, 1)
	go func() {
		err := write(ctx, w)
		_ = w.CloseWithError(err) // always nil
		wrote <- err
	}()
	_, err := b.engine.ImageImport(ctx, r, ref, map[string]string{LabelImage: "base", LabelBase: of.ID})
	_ = r.Close() // always nil
	cancel()
	if failed := <-wrote; failed != nil && !errors.Is(failed, io.ErrClosedPipe) && !errors.Is(failed, context.Canceled) {
		return failed
	}
	return err
}
