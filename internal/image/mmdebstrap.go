package image

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"halab/internal/base"
	"halab/internal/problem"
)

// mergedUsr makes mmdebstrap put /bin and /lib under /usr from the start.
const mergedUsr = "/usr/share/mmdebstrap/hooks/merged-usr"

// bootstrapArgs are mmdebstrap's arguments (mmdebstrap(1)).
func bootstrapArgs(boot base.Boot, dpkg []string) []string {
	args := []string{"--variant=minbase", "--format=tar"}
	if boot.Merged {
		args = append(args, "--hook-dir="+mergedUsr, "--include=usr-is-merged,"+boot.Library)
	} else {
		args = append(args, "--include="+boot.Library)
	}
	if boot.Undated {
		args = append(args, `--aptopt=Acquire::Check-Valid-Until "false"`)
	}
	for _, option := range dpkg {
		args = append(args, "--dpkgopt="+option)
	}
	return append(args, boot.Suite, "-")
}

// mmdebstrap writes a root file system made from Debian's packages.
func mmdebstrap(ctx context.Context, of base.Base, dpkg []string, w io.Writer, progress func(line string)) error {
	path, err := exec.LookPath("mmdebstrap")
	if err != nil {
		return problem.New("no image of %s is here or can be pulled, and the tool that makes one from Debian's packages is missing", of.Title).
			Cure("install it", "apt-get install mmdebstrap").
			Cure("or name a root file system (a tar file) with HALAB_ROOTFS")
	}
	said := &lines{take: progress}
	cmd := exec.CommandContext(ctx, path, bootstrapArgs(of.Boot, dpkg)...)
	cmd.Stdout, cmd.Stderr = w, said
	// It cleans up after itself when it is asked to end, not when it is killed.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	err = cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil || errors.Is(err, io.ErrClosedPipe) {
		return err
	}
	return bootstrapCure(of, problem.New("make a %s root file system: mmdebstrap failed (%w); its last lines:\n  %s",
		of.Title, err, strings.Join(said.tail, "\n  ")))
}

// bootstrapCure adds what usually helps when mmdebstrap fails.
func bootstrapCure(of base.Base, p *problem.Problem) *problem.Problem {
	if os.Geteuid() == 0 {
		return p.Cure("it needs Debian's package mirrors; without them, name a root file system (a tar file) with HALAB_ROOTFS")
	}
	return p.Cure("it needs Debian's package mirrors and, without root, user namespaces", "apt-get install uidmap").
		Cure("or build them once as root", "halab build --base "+of.ID)
}

// tailLines is how many lines of a tool's story its error repeats.
const tailLines = 12

// lines cuts what is written to it into lines.
type lines struct {
	take func(line string)
	open []byte
	tail []string // the last lines
}

// Write never fails.
func (l *lines) Write(p []byte) (int, error) {
	l.open = append(l.open, p...)
	for {
		line, rest, found := bytes.Cut(l.open, []byte("\n"))
		if !found {
			return len(p), nil
		}
		l.open = rest
		text := strings.TrimSpace(string(line))
		if text == "" {
			continue
		}
		if l.tail = append(l.tail, text); len(l.tail) > tailLines {
			l.tail = l.tail[1:]
		}
		if l.take != nil {
			l.take(text)
		}
	}
}
