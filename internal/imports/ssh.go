package imports

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// What runs on the host: requests in, answers out (remote/collect.sh says how).
var (
	//go:embed remote/collect.sh
	collect string
	//go:embed remote/redact.awk
	redact string
)

// Bounds of a conversation.
const (
	answersWithin = 60 * time.Second // one request, or the way in
	longestAnswer = 16 << 20         // bytes; a file has at most 4 MB
	keptErrors    = 8 << 10          // bytes of what ssh says
)

const greeting = "halab-import 1"

// errSilent is why a conversation is broken off.
var errSilent = fmt.Errorf("no answer within %s", answersWithin)

// remote is a host that answers.
type remote struct {
	host string
	in   io.WriteCloser
	out  *bufio.Reader
	errs bytes.Buffer
	// printed is what came before the greeting: "This account is not available."
	printed string
	wait    func() error
	stop    context.CancelCauseFunc
	ctx     context.Context
	timer   *time.Timer
}

// script is what the shell on a host reads. The salt is behind no word of a
// command line there, so that nobody on the host sees it.
func script(salt string) string {
	return "salt=" + salt + "\nredact='" + strings.ReplaceAll(redact, "'", `'\''`) + "'\n" + collect
}

// dial starts the script on a host by the machine's own ssh, with its user's
// configuration. Nobody is there to answer a question, so there is none.
func dial(ctx context.Context, host, salt string, sudo bool) (*remote, error) {
	ctx, stop := context.WithCancelCause(ctx)
	shell := "sh -s"
	if sudo {
		shell = "sudo -n sh -s"
	}
	cmd := exec.CommandContext(ctx, "ssh", "-T", "-o", "BatchMode=yes", "-o", "RemoteCommand=none", "-o", "ClearAllForwardings=yes", "--", host, shell)
	cmd.WaitDelay = time.Second // a connection that ssh keeps for others has the same stderr
	r := &remote{host: host, stop: stop, ctx: ctx}
	cmd.Stderr = &limited{&r.errs}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		stop(nil)
		return nil, noSSH(err)
	}
	r.in, r.out, r.wait = in, bufio.NewReaderSize(out, 64<<10), cmd.Wait
	r.timer = time.AfterFunc(answersWithin, func() { stop(errSilent) })
	// Where nobody reads it the connection has ended, and what was printed before
	// that says why: "This account is currently not available."
	_, unread := io.WriteString(in, script(salt))
	// A profile may print something before the script does.
	for range 1000 {
		line, err := r.line()
		if err != nil {
			return nil, r.why(cmp.Or(unread, err))
		}
		if line == greeting {
			return r, nil
		}
		r.printed = line
	}
	return nil, r.why(errors.New("what runs at a login there prints without end"))
}

// limited keeps the first part of what is written.
type limited struct{ b *bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	l.b.Write(p[:min(len(p), max(0, keptErrors-l.b.Len()))])
	return len(p), nil
}

func (r *remote) line() (string, error) {
	line, err := r.out.ReadString('\n')
	return strings.TrimSuffix(line, "\n"), err
}

// ask sends a request and gives the lines of the answer.
func (r *remote) ask(verb, root, path string) ([]string, error) {
	if strings.ContainsAny(path, "\n\t\x00") {
		return []string{"xits name has a tab or a line end"}, nil
	}
	if root == "" {
		root = "/"
	}
	r.timer.Reset(answersWithin)
	if _, err := fmt.Fprintf(r.in, "%s\t%s\t%s\n", verb, root, path); err != nil {
		return nil, r.why(err)
	}
	var lines []string
	for size := 0; size < longestAnswer; {
		line, err := r.line()
		if err != nil {
			return nil, r.why(err)
		}
		if line == "." {
			return lines, nil
		}
		lines, size = append(lines, line), size+len(line)+1
	}
	return nil, r.why(fmt.Errorf("its answer about %s has more than %d MB", path, longestAnswer>>20))
}

// close ends the script, which reads until there is no more, and ssh with it.
func (r *remote) close() error {
	err := r.in.Close()
	r.timer.Stop()
	return errors.Join(err, r.wait())
}

// why ends a conversation that failed and says why in words. What ssh itself
// says tells more than an end of file.
func (r *remote) why(err error) error {
	cause := context.Cause(r.ctx)
	if cause == nil && !errors.Is(err, io.EOF) && !errors.Is(err, syscall.EPIPE) {
		cause = err
	}
	_ = r.in.Close() // it has failed already
	if cause != nil {
		r.stop(cause)
	}
	exit := r.wait()
	r.timer.Stop()
	if silent := context.Cause(r.ctx); cause == nil {
		cause = silent
	}
	r.stop(nil)
	return explain(r.host, cmp.Or(strings.TrimSpace(r.errs.String()), r.printed), cause, exit)
}
