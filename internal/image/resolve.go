package image

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"halab/internal/base"
)

// How long a base that nobody named may take to arrive: a registry has to
// answer, and the image to be here, within a few seconds.
const (
	patience = 5 * time.Second
	enough   = 15 * time.Second
)

// Choice is the base that was taken, and why.
type Choice struct {
	Base   string
	Reason string
}

// String says both in a line.
func (c Choice) String() string { return c.Base + ": " + c.Reason }

// Resolve turns Auto into a base; it may pull CentOS 7's image for that. A base
// named by hand stays as it is.
func (b *Builder) Resolve(ctx context.Context, want string) (Choice, error) {
	choice, decided, err := b.guess(ctx, want)
	if err != nil || decided {
		return choice, err
	}
	centos, err := base.Named(base.CentOS7)
	if err != nil {
		return Choice{}, err
	}
	err = b.hasty(ctx, centos.Public[0], b.progress("base"))
	switch {
	case err == nil:
		return Choice{base.CentOS7, "its image " + centos.Public[0] + " could be pulled"}, nil
	case ctx.Err() != nil:
		return Choice{}, context.Cause(ctx)
	}
	return Choice{base.Debian12, fmt.Sprintf("CentOS 7's image %s is not here and can't be pulled (%s)", centos.Public[0], brief(err))}, nil
}

// Guess is what Resolve would take, as far as can be told without the network.
func (b *Builder) Guess(ctx context.Context, want string) (Choice, error) {
	choice, _, err := b.guess(ctx, want)
	return choice, err
}

// guess also says whether a pull could not change the choice any more.
func (b *Builder) guess(ctx context.Context, want string) (Choice, bool, error) {
	if want != base.Auto {
		_, err := base.Named(want)
		return Choice{want, "named by hand"}, true, err
	}
	centos, err := base.Named(base.CentOS7)
	if err != nil {
		return Choice{}, true, err
	}
	here, err := b.here(ctx)
	if err != nil {
		return Choice{}, true, err
	}
	built, err := b.complete(centos.ID, here)
	if err != nil || built {
		return Choice{centos.ID, "its images are built"}, true, err
	}
	if why, ago, failed := b.failedBefore(centos.ID); failed {
		return Choice{base.Debian12, fmt.Sprintf("CentOS 7's images could not be built %s ago (%s), which is tried again after an hour", ago.Round(time.Second), why)}, true, nil
	}
	ref := centos.Public[0]
	found, err := b.found(ctx, ref)
	if err != nil || found {
		return Choice{centos.ID, "its image " + ref + " is here"}, true, err
	}
	built, err = b.complete(base.Debian12, here)
	if err != nil || built {
		return Choice{base.Debian12, "CentOS 7's image " + ref + " is not here, and Debian 12's images are built"}, true, err
	}
	return Choice{base.Debian12, "CentOS 7's image " + ref + " is not here"}, false, nil
}

// errSilent and errSlow are why a pull was given up.
var (
	errSilent = fmt.Errorf("no registry answered within %v", patience)
	errSlow   = fmt.Errorf("it was not here within %v", enough)
)

// hasty pulls an image if that is a matter of seconds.
func (b *Builder) hasty(ctx context.Context, ref string, progress func(string)) error {
	if b.offline != nil {
		return b.offline
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := time.AfterFunc(patience, func() { cancel(errSilent) })
	defer silent.Stop()
	slow := time.AfterFunc(enough, func() { cancel(errSlow) })
	defer slow.Stop()
	err := b.engine.ImagePull(ctx, ref, func(line string) {
		silent.Stop()
		progress(line)
	})
	if cause := context.Cause(ctx); err != nil && (errors.Is(cause, errSilent) || errors.Is(cause, errSlow)) {
		err = cause
	}
	b.offline = err
	return err
}

// brief is the end of an error's chain in a few words, for a reason in one line.
func brief(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	if i := strings.LastIndex(text, ": "); i >= 0 {
		text = text[i+2:]
	}
	return strings.TrimRight(text, ".")
}
