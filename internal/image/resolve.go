package image

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// centosRef is the public image of CentOS 7.
const centosRef = "centos:7"

// How long a base that nobody named may take to arrive: a registry has to
// answer, and the image to be here, within a few seconds.
const (
	patience = 5 * time.Second
	enough   = 15 * time.Second
)

// Choice is the base family that was taken, and why.
type Choice struct {
	Base   string
	Reason string
}

// String says both in a line.
func (c Choice) String() string { return c.Base + ": " + c.Reason }

// Resolve turns Auto into a base family; it may pull CentOS 7's image for that.
// A family named by hand stays as it is.
func (b *Builder) Resolve(ctx context.Context, want string) (Choice, error) {
	choice, decided, err := b.guess(ctx, want)
	if err != nil || decided {
		return choice, err
	}
	err = b.hasty(ctx, centosRef, b.progress("base"))
	switch {
	case err == nil:
		return Choice{CentOS7, "its image " + centosRef + " could be pulled"}, nil
	case ctx.Err() != nil:
		return Choice{}, context.Cause(ctx)
	}
	return Choice{Debian12, fmt.Sprintf("CentOS 7's image %s is not here and can't be pulled (%s)", centosRef, last(err))}, nil
}

// Guess is what Resolve would take, as far as can be told without the network.
func (b *Builder) Guess(ctx context.Context, want string) (Choice, error) {
	choice, _, err := b.guess(ctx, want)
	return choice, err
}

// guess also says whether a pull could not change the choice any more.
func (b *Builder) guess(ctx context.Context, want string) (Choice, bool, error) {
	if err := known(want); err != nil || want != Auto {
		return Choice{want, "named by hand"}, true, err
	}
	here, err := b.here(ctx)
	if err != nil {
		return Choice{}, true, err
	}
	built, err := b.complete(CentOS7, here)
	if err != nil || built {
		return Choice{CentOS7, "its images are built"}, true, err
	}
	found, err := b.found(ctx, centosRef)
	if err != nil || found {
		return Choice{CentOS7, "its image " + centosRef + " is here"}, true, err
	}
	built, err = b.complete(Debian12, here)
	if err != nil || built {
		return Choice{Debian12, "CentOS 7's image " + centosRef + " is not here, and Debian 12's images are built"}, true, err
	}
	return Choice{Debian12, "CentOS 7's image " + centosRef + " is not here"}, false, nil
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

// last is the end of an error's chain in a few words, for a reason in one line.
func last(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	if i := strings.LastIndex(text, ": "); i >= 0 {
		text = text[i+2:]
	}
	return strings.TrimRight(text, ".")
}
